"""A plan for a terminal, and what is said about how it came about."""

from __future__ import annotations

from ci_port.model import Execute, Observation, Place, Plan, Unanswered, Write
from ci_port.parity.render.plan_text import plan_lines, probe_text, warnings
from ci_port.parity.render.style import Style

PLAIN = Style(colour=False)


def test_plan_lines_show_everything_beside_the_command() -> None:
    step = Execute(("make", "-j 4"), cwd="sub", status=2, env=(("A", "1"), ("B", None)), stdout="log")
    observation = Observation(Plan((step, Write("out", append=True)), 2), (Place("t.sh", 3, ("build", "main")),))
    assert list(plan_lines(observation, PLAIN)) == [
        "1  " + "make '-j 4' > log".ljust(64) + "  # in sub; exits 2; A=1; unset B; t.sh:3 in build",
        "2  >> out",
        "exit 2",
    ]


def test_colour_dims_what_stands_beside() -> None:
    observation = Observation(Plan((Execute(("x",)),), 0), (Place("t.sh", 3),))
    first, last = plan_lines(observation, Style(colour=True))
    assert first.endswith("\x1b[2m  # t.sh:3\x1b[0m")
    assert last == "\x1b[1mexit 0\x1b[0m"


def probe(name: str, captured: bool = True) -> Unanswered:
    return Unanswered((name, "-e"), Place("t.sh", 2, ("cores",)), captured)


def test_a_probe_is_named_with_its_place() -> None:
    assert probe_text(probe("lscpu")) == "lscpu -e (t.sh:2 in cores)"


def test_a_plan_that_rests_on_nothing_made_up_is_not_warned_of() -> None:
    assert list(warnings(Observation(Plan((), 0), messages="noise\n"))) == []


def test_made_up_answers_are_named_once_each_and_no_more_than_five() -> None:
    probes = (probe("same"), probe("same"), *(probe(f"p{number}") for number in range(9)))
    found = list(warnings(Observation(Plan((), 0), unanswered=probes)))
    assert len(found) == 5
    assert (
        found[0] == "untrusted: no rule of the world answers same -e (t.sh:2 in cores); its output was taken as empty"
    )


def test_probes_that_only_decide_stand_on_one_line() -> None:
    probes = tuple(probe(f"p{number}", captured=False) for number in range(7))
    (found,) = warnings(Observation(Plan((), 0), unanswered=probes))
    assert found.startswith("no rule of the world says whether these fail; each was taken to succeed: p0 -e (t.sh:2")
    assert found.endswith("p4 -e (t.sh:2 in cores) and 2 more")


def test_a_script_that_failed_has_the_last_word_without_its_trace() -> None:
    messages = "+ make\nfirst\n\n" + "".join(f"line {number}\n" for number in range(5))
    assert list(warnings(Observation(Plan((), 2), messages=messages))) == [
        f"the script said: line {number}" for number in range(5)
    ]
