"""What is called equal, a limit, a race, different."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parity.judging import Judged, Limit, Side, Verdict, judge
from tests.parity.small_scripts import Command, Run, Script

SCRIPT = Script("#!/bin/bash\nuse\n")
ONE = Run((Command(("use",)),), 0)
TWO = Run((Command(("use",)), Command(("more", "than", "12"))), 0)
FAILS = Run(ONE.commands, 3)


def always(run: Run) -> Side:
    return lambda _: run


def in_turn(*runs: Run) -> Side:
    left: Iterator[Run] = iter(runs)
    return lambda _: next(left)


@pytest.mark.parametrize(
    ("real", "recorded", "verdict"),
    [
        (always(ONE), always(ONE), Verdict.EQUAL),
        (always(ONE), always(TWO), Verdict.DIFFERENT),
        (in_turn(ONE, ONE, TWO), always(FAILS), Verdict.RACE),
        (in_turn(ONE, TWO), always(TWO), Verdict.RACE),
        (always(Run((), 0, ended="time")), always(ONE), Verdict.LEFT_OUT),
        (always(ONE), always(Run((), 0, ended="refused, x")), Verdict.DIFFERENT),
        (always(Run((), 139)), always(Run((), 0, ended="refused, bash was ended by signal 11 (x)")), Verdict.LEFT_OUT),
        (always(Run((), 1)), always(Run((), 0, ended="refused, bash was ended by signal 11 (x)")), Verdict.DIFFERENT),
    ],
)
def test_verdicts(real: Side, recorded: Side, verdict: Verdict) -> None:
    assert judge(SCRIPT, real, recorded).verdict is verdict


def test_a_limit_explains_all_or_nothing() -> None:
    limits = (Limit("other script", script="nothing"), Limit("statuses", difference="^exit status"))
    judged = judge(SCRIPT, always(ONE), always(FAILS), limits)
    assert judged == Judged(Verdict.LIMIT, ("exit status: 0 | 3",), "statuses")
    both = Run(TWO.commands, 3)
    assert judge(SCRIPT, always(ONE), always(both), limits).verdict is Verdict.DIFFERENT


def test_kinds_leave_out_what_belongs_to_one_script() -> None:
    assert judge(SCRIPT, always(ONE), always(TWO)).kind == "command N: none | more"
    assert judge(SCRIPT, always(ONE), always(FAILS)).kind == "exit status"
    assert judge(SCRIPT, always(ONE), always(ONE)).kind == ""
