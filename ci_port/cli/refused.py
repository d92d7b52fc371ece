"""What was refused or has failed, on standard error, a line each: the rest was done all the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ci_port.bash.quoting import visible
from ci_port.model import Case


def tell(problems: Iterable[str], name: str = "refused") -> bool:
    """Say each problem after a name; return whether there was any."""
    found = False
    for problem in problems:
        print(visible(f"{name}: {problem}"), file=sys.stderr)
        found = True
    return found


def tell_wrong(cases: Iterable[Case]) -> bool:
    """Say which cases are wrong, by file, line and field; return whether any is."""
    return tell(case.wrong for case in cases if case.wrong)
