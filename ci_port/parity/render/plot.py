"""What runs have shown, day by day, as inline SVG: bars for runs, marks for mismatches and fallbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Series:
    """The days of one phase, and how many runs each had."""

    name: str
    days: tuple[str, ...]
    shadow: tuple[int, ...]
    live: tuple[int, ...]
    mismatches: tuple[int, ...]
    fallbacks: tuple[int, ...]


_WIDTH = 640
_HEIGHT = 120
_LEFT = 44
_BOTTOM = 22
_MOST_DAYS = 60


def plot(series: Series) -> str:
    """Return the plot of one phase: shadow runs, live runs on top of them, and how many were not as they should."""
    days = series.days[-_MOST_DAYS:]
    label = f"runs of phase {series.name}, day by day"
    shapes = "".join(_shapes(series, len(days)))
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT + _BOTTOM + 18}" role="img" aria-label="{escape(label)}">'
        f"{shapes}</svg>"
    )


def _shapes(series: Series, count: int) -> Iterator[str]:
    start = len(series.days) - count
    tallest = max([1, *(series.shadow[at] + series.live[at] for at in range(start, len(series.days)))])
    step = (_WIDTH - _LEFT) / max(1, count)
    yield _text(_LEFT - 6, 18 + 8, f"{tallest:,}", "end")
    yield _text(_LEFT - 6, 18 + _HEIGHT, "0", "end")
    yield f'<line class="axis" x1="{_LEFT}" y1="{18 + _HEIGHT}" x2="{_WIDTH}" y2="{18 + _HEIGHT}"/>'
    for place, at in enumerate(range(start, len(series.days))):
        yield from _day(series, at, _LEFT + place * step, step, tallest)
    if count:
        yield _text(_LEFT, _HEIGHT + _BOTTOM + 12, series.days[start], "start")
    if count > 1:
        yield _text(_WIDTH, _HEIGHT + _BOTTOM + 12, series.days[-1], "end")


def _day(series: Series, at: int, left: float, step: float, tallest: int) -> Iterator[str]:
    floor = 18.0 + _HEIGHT
    width = max(1.0, min(step - 2, 28.0))
    off = series.mismatches[at] + series.fallbacks[at]
    title = (
        f"{series.days[at]}: {series.shadow[at]:,} shadow runs ({series.mismatches[at]:,} mismatches), "
        f"{series.live[at]:,} live runs ({series.fallbacks[at]:,} fallbacks)"
    )
    yield f"<g><title>{escape(title)}</title>"
    for kind, value in (("shadow", series.shadow[at]), ("live", series.live[at])):
        height = _HEIGHT * value / tallest
        floor -= height
        yield f'<rect class="{kind}" x="{left:.1f}" y="{floor:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    if off:
        # A shape and a number, not a colour alone.
        yield f'<path class="off" d="M{left + width / 2:.1f} {floor - 4:.1f} l-5 -8 h10 z"/>'
        yield _text(left + width / 2, floor - 14, f"{off:,}", "middle")
    yield "</g>"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
