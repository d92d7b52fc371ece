"""What the evidence adds up to, for each phase and day, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ci_port.bash.quoting import visible
from ci_port.model.markdown import code
from ci_port.parity.render.plot import Series
from ci_port.parity.render.style import Style
from ci_port.rollout.evidence import Figures, trend
from ci_port.rollout.phases import Rollout
from ci_port.rollout.records import Evidence, job_variables

OTHER_JOBS = "other jobs"

Trends = Mapping[str, Mapping[str, Figures]]
"""The figures of each day, by phase."""


def by_phase(records: Iterable[Evidence], rollout: Rollout, job_id: str) -> Trends:
    """Return the trends by the phase that switches a job on, in the order of the phases; `job_id` makes jobs' ids."""

    def phase_of(record: Evidence) -> str:
        job = job_variables(job_id, record.job)
        return str((rollout.first_phase(job) if job else None) or OTHER_JOBS)

    found = trend(records, phase_of)
    order = [str(phase) for phase in rollout.phases] + [OTHER_JOBS]
    return {phase: found[phase] for phase in order if phase in found}


def series(trends: Trends) -> tuple[Series, ...]:
    """Return the trends as what a plot shows."""
    return tuple(
        Series(
            phase,
            tuple(days),
            tuple(one.shadow for one in days.values()),
            tuple(one.live for one in days.values()),
            tuple(one.mismatches for one in days.values()),
            tuple(one.fallbacks for one in days.values()),
        )
        for phase, days in trends.items()
    )


def to_json(trends: Trends) -> dict[str, dict[str, dict[str, float]]]:
    """Return the trends as a JSON object."""
    return {phase: {day: _json(one) for day, one in days.items()} for phase, days in trends.items()}


def _json(one: Figures) -> dict[str, float]:
    return {
        "runs": one.runs,
        "shadow": one.shadow,
        "mismatches": one.mismatches,
        "inconclusive": one.inconclusive,
        "live": one.live,
        "fallbacks": one.fallbacks,
    }


_HEAD = ("day", "runs", "shadow", "mismatch %", "no answer", "live", "fallback %")


def _cells(day: str, one: Figures) -> tuple[str, ...]:
    mismatch = f"{one.mismatch_percent:.2f}" if one.shadow else "-"
    fallback = f"{one.fallback_percent:.2f}" if one.live else "-"
    return (day, f"{one.runs:,}", f"{one.shadow:,}", mismatch, f"{one.inconclusive:,}", f"{one.live:,}", fallback)


def text_lines(trends: Trends, style: Style) -> Iterator[str]:
    """Yield the trends for a terminal: a table for each phase."""
    if not trends:
        yield "there is no evidence for this yet"
    for phase, days in trends.items():
        yield style.bold(f"phase {visible(phase)}")
        rows = [_HEAD, *(_cells(day, one) for day, one in days.items())]
        widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
        for row in rows:
            yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))


def markdown_lines(trends: Trends) -> Iterator[str]:
    """Yield the trends as Markdown: a table for each phase."""
    for phase, days in trends.items():
        yield f"\n### Phase {code(phase)}\n"
        yield "| " + " | ".join(_HEAD) + " |"
        yield "|---|" + "---:|" * (len(_HEAD) - 1)
        for day, one in days.items():
            yield "| " + " | ".join(_cells(day, one)) + " |"
