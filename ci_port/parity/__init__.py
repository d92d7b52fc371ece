"""Two callables that plan, and some cases, make results: same, different, not ported, untrusted; and a report."""

from ci_port.parity.compare import (
    CANDIDATE,
    CONTROL,
    Difference,
    Failure,
    OpenSide,
    Result,
    Shape,
    Side,
    Verdict,
    compare,
    judge,
)
from ci_port.parity.pool import cores, ordered
from ci_port.parity.report import Collector, Finding, Report, Space, Subject, Subjects, space_of, to_json
from ci_port.parity.sweep import Group, Summary, grouped, summarise, sweep

__all__ = [
    "CANDIDATE",
    "CONTROL",
    "Collector",
    "Difference",
    "Failure",
    "Finding",
    "Group",
    "OpenSide",
    "Report",
    "Result",
    "Shape",
    "Side",
    "Space",
    "Subject",
    "Subjects",
    "Summary",
    "Verdict",
    "compare",
    "cores",
    "grouped",
    "judge",
    "ordered",
    "space_of",
    "summarise",
    "sweep",
    "to_json",
]
