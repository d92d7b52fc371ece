"""Exit statuses, an interface like any other (docs/exit-statuses.md)."""

from __future__ import annotations

from ci_port.parity import Report

SAME = 0
DIFFERENT = 1
USAGE = 2
CANNOT_RUN_HERE = 3
SIDE_FAILED = 4
CLOSED = 5
FAULT = 70
INTERRUPTED = 130
BROKEN_PIPE = 141


def of_report(report: Report) -> int:
    """Return that of a comparison: a side that failed outweighs a difference, as nothing is known about its case."""
    if report.summary.failed:
        return SIDE_FAILED
    return SAME if report.good else DIFFERENT
