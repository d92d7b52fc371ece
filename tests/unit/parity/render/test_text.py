"""A report for a terminal."""

from __future__ import annotations

import pytest

from ci_port.model import Case, Execute, Observation, Plan
from ci_port.parity import Result, Verdict, compare, grouped, summarise
from ci_port.parity.render.style import Style
from ci_port.parity.render.text import group_lines, ids_text, see_both, summary_line

PLAIN = Style(colour=False)


def result(number: int, control: list[str], candidate: list[str]) -> Result:
    left, right = (Observation(Plan(tuple(Execute((word,)) for word in words), 0)) for words in (control, candidate))
    return compare(Case(f"c{number}", ()), left, right)


@pytest.mark.parametrize(
    ("control", "candidate", "shown"),
    [
        (["a", "b"], ["b"], ["step 1, which the port leaves out:", "[-a-] | (nothing)"]),
        (["b"], ["a", "b"], ["step 1, which only the port has:", "(nothing) | {+a+}"]),
        (["a"], ["b"], ["step 1, not the same on both sides:", "[-a-] | {+b+}"]),
        (["a", "b"], ["b", "a"], ["step 1, where the port has two steps the other way round:", "[-a-] | {+b+}"]),
    ],
)
def test_group_lines(control: list[str], candidate: list[str], shown: list[str]) -> None:
    (group,) = grouped([result(1, control, candidate), result(2, control, candidate)])
    head, shape, places, *rows = (" ".join(line.split()) for line in group_lines(group, PLAIN, 80))
    assert head == "2 cases: c1, c2"
    assert [shape, *rows] == shown
    assert places == "script: place unknown | port: place unknown"


def test_ids_are_cut_short() -> None:
    results = [result(number, ["a"], ["b"]) for number in range(1234)]
    assert ids_text(results[:3]) == "c0, c1, c2"
    assert ids_text(results) == "c0, c1, c2 and 1,231 more"


def test_summary_line_paints_what_there_is() -> None:
    results = [result(1, ["a"], ["a"]), result(2, ["a"], ["b"])]
    assert summary_line(summarise(results), PLAIN) == "2 cases: 1 same, 1 different, 0 not ported, 0 untrusted"
    painted = summary_line(summarise(results), Style(colour=True))
    assert "\x1b[32m1 same\x1b[0m, \x1b[31m1 different\x1b[0m, 0 not ported" in painted


def test_the_commands_leave_out_what_the_world_says_anyway() -> None:
    case = Case("x", (("A", "1"), ("B", "two words"), ("C", None), ("D", None)))
    lines = see_both(Result(case, Verdict.DIFFERENT), {"A": "1", "C": "c"}, "ci-port", ["--script", "t.sh"])
    assert list(lines) == [
        "ci-port plan --impl shell --script t.sh --env 'B=two words' --unset C",
        "ci-port plan --impl python --script t.sh --env 'B=two words' --unset C",
    ]
