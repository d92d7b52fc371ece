"""Plans and differences for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.cli.terminal import Style
from ci_port.cli.text import group_lines, ids_text, place_text, plan_lines, see_both, summary_line
from ci_port.model import Case, Execute, Observation, Place, Plan, Umask, Write
from ci_port.parity import Result, Verdict, compare, grouped, summarise

PLAIN = Style(colour=False)


def test_plan_lines_show_everything_beside_the_command() -> None:
    step = Execute(("make", "-j 4"), cwd="sub", status=2, env=(("A", "1"), ("B", None)), stdout="log")
    observation = Observation(Plan((step, Write("out", append=True)), 2), (Place("t.sh", 3, ("build", "main")),))
    assert list(plan_lines(observation, PLAIN)) == [
        "1  " + "make '-j 4' > log".ljust(64) + "  # in sub; exits 2; A=1; unset B; t.sh:3 in build",
        "2  >> out",
        "exit 2",
    ]


def test_steps_of_a_followed_script_stand_below_it() -> None:
    inner = Execute(("./b.sh",), steps=(Execute(("c",), input="x\n"),))
    observation = Observation(Plan((Execute(("./a.sh",), steps=(inner, Umask("077"))),), 0))
    assert list(plan_lines(observation, PLAIN)) == [
        "1  " + "./a.sh".ljust(64) + "  # 2 steps of its own",
        "1.1  " + "./b.sh".ljust(64) + "  # 1 step of its own",
        "1.1.1  " + "c".ljust(64) + "  # reads x",
        "1.2  umask 077",
        "exit 0",
    ]


def test_colour_dims_what_stands_beside() -> None:
    observation = Observation(Plan((Execute(("x",)),), 0), (Place("t.sh", 3),))
    first, last = plan_lines(observation, Style(colour=True))
    assert first.endswith("\x1b[2m  # t.sh:3\x1b[0m")
    assert last == "\x1b[1mexit 0\x1b[0m"


def test_paths_below_here_are_shown_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_text(Place(str(tmp_path / "a" / "t.sh"), 4, ("f", "g"))) == "a/t.sh:4 in f"
    assert place_text(Place("/elsewhere/t.sh", 4)) == "/elsewhere/t.sh:4"
    assert place_text(Place("t.sh", 4)) == "t.sh:4"


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
