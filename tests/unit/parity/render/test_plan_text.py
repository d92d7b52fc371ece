"""A plan for a terminal, and what is said about how it came about."""

from __future__ import annotations

from ci_port.model import Asked, Execute, Observation, Place, Plan, Unanswered, Write
from ci_port.parity.render.plan_text import plan_lines, warnings
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


def test_steps_of_a_script_that_is_followed_stand_below_it() -> None:
    inner = Execute(("sh", "b.sh"), steps=(Execute(("deep",)),))
    observation = Observation(Plan((Execute(("bash", "a.sh"), steps=(Execute(("x",)), inner)), Execute(("y",))), 0))
    assert [line.split("  ")[:2] for line in plan_lines(observation, PLAIN)] == [
        ["1", "bash a.sh"],
        ["1.1", "x"],
        ["1.2", "sh b.sh"],
        ["1.2.1", "deep"],
        ["2", "y"],
        ["exit 0"],
    ]


def probe(name: str, what: Asked = Asked.OUTPUT) -> Unanswered:
    return Unanswered(what, (name, "-e"), Place("t.sh", 2, ("cores",)))


def test_a_plan_that_rests_on_nothing_made_up_is_not_warned_of() -> None:
    assert list(warnings(Observation(Plan((), 0), messages="noise\n", output="noise\n"))) == []


def test_what_is_made_up_is_named_with_its_place_and_what_settles_it() -> None:
    assert list(warnings(Observation(Plan((), 0), unanswered=(probe("lscpu"), probe("make", Asked.STATUS))))) == [
        "untrusted: no rule of the world answers lscpu -e; its output was taken as empty (t.sh:2 in cores); "
        'to settle it: {"commands":[{"argv":["lscpu","-e"],"stdout":""}]}',
        "untrusted: no rule of the world says how make -e ends; it was taken to succeed (t.sh:2 in cores); "
        'to settle it: {"commands":[{"argv":["make","-e"],"status":0}]}',
    ]


def test_made_up_answers_are_named_once_each_and_no_more_than_five() -> None:
    probes = (probe("same"), probe("same"), *(probe(f"p{number}") for number in range(9)))
    found = list(warnings(Observation(Plan((), 0), unanswered=probes)))
    assert [line.split(" -e")[0].rpartition(" ")[2] for line in found[:5]] == ["same", "p0", "p1", "p2", "p3"]
    assert found[5:] == ["untrusted: 5 more of the kind"]


def test_what_was_done_otherwise_than_in_ci_comes_first() -> None:
    found = list(warnings(Observation(Plan((), 0), unanswered=(probe("x"),), remarks=("under bash in posix mode",))))
    assert found[0] == "under bash in posix mode"
    assert len(found) == 2


def test_a_script_that_failed_has_the_last_word_without_its_trace() -> None:
    messages = "+ make\nfirst\n\n" + "".join(f"line {number}\n" for number in range(5))
    assert list(warnings(Observation(Plan((), 2), messages=messages))) == [
        f"the script said: line {number}" for number in range(5)
    ]


def test_a_script_that_failed_may_have_said_it_on_standard_output() -> None:
    said = Observation(Plan((), 2), messages="error\n", output="first\n" + "note\n" * 6)
    assert list(warnings(said)) == [*["the script said: note"] * 4, "the script said: error"]
    assert list(warnings(Observation(Plan((), 2), output="usage: x\n"))) == ["the script said: usage: x"]
