"""From results to findings: each change once, with the smallest case that shows it and the whole difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ci_port.model import Case
from ci_port.parity import fulldiff
from ci_port.parity.compare import Result
from ci_port.parity.edits import edits
from ci_port.parity.minimal import minimal
from ci_port.parity.report import Finding
from ci_port.parity.sweep import Group, grouped


def findings(
    results: Iterable[Result], base: Mapping[str, str], judge: Callable[[Case], Result] | None
) -> tuple[Finding, ...]:
    """Return the findings, the most frequent first; without `judge` cases stay as large as they are."""
    with_deep = fulldiff.available()
    return tuple(_finding(group, base, judge, with_deep) for group in grouped(results))


def _finding(group: Group, base: Mapping[str, str], judge: Callable[[Case], Result] | None, with_deep: bool) -> Finding:
    first = group.results[0]
    assert first.observations is not None, "a difference comes from two observations"
    control, candidate = (side.plan for side in first.observations)
    return Finding(
        group=group,
        minimal=minimal(first, base, judge) if judge else first.case,
        edits=edits(control, candidate),
        deep=fulldiff.deep(control, candidate) if with_deep else None,
    )
