"""A gate's answer for people and programs: each requirement with its figure, and whether the phase may start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ci_port.bash.quoting import visible
from ci_port.model.markdown import cell, code
from ci_port.parity.render.style import Style
from ci_port.rollout.gate import Requirement, is_open
from ci_port.rollout.phases import Phase


def text_lines(phase: Phase, found: Sequence[Requirement], style: Style) -> Iterator[str]:
    """Yield the answer for a terminal."""
    width = max(len(one.name) for one in found)
    for one in found:
        mark = style.good("ok    ") if one.holds else style.bad("CLOSED")
        yield f"{mark}  {one.name:<{width}}  {visible(one.found)}  (asked: {visible(one.asked)})"
    yield style.bold(_verdict(visible(str(phase)), found))


def markdown_lines(phase: Phase, found: Sequence[Requirement]) -> Iterator[str]:
    """Yield the answer as Markdown."""
    yield f"### {'🟢' if is_open(found) else '🔴'} {_verdict(code(str(phase)), found)}\n"
    yield "| | requirement | found | asked |\n|---|---|---|---|"
    for one in found:
        yield f"| {'✅' if one.holds else '❌ closed'} | {one.name} | {cell(one.found)} | {cell(one.asked)} |"


def to_json(phase: Phase, found: Sequence[Requirement]) -> dict[str, Any]:
    """Return the answer as a JSON object."""
    rows = [{"name": one.name, "holds": one.holds, "found": one.found, "asked": one.asked} for one in found]
    return {"phase": phase.id, "open": is_open(found), "requirements": rows}


def _verdict(phase: str, found: Sequence[Requirement]) -> str:
    closed = [one.name for one in found if not one.holds]
    if not closed:
        return f"phase {phase}: open"
    return f"phase {phase}: closed by {len(closed)} of {len(found)} requirements: {', '.join(closed)}"
