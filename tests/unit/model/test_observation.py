"""What a run showed, and the errors that say why there is nothing to show."""

from __future__ import annotations

from ci_port.model import NotPorted, Observation, Place, Plan, RunFailed, Unanswered


def test_a_place_reads_as_file_line_and_innermost_function() -> None:
    assert str(Place("test.sh", 7, ("inner", "outer"))) == "test.sh:7 in inner"
    assert str(Place("test.sh", 7)) == "test.sh:7"


def test_a_failure_says_where_why_and_what() -> None:
    assert str(RunFailed("time is up")) == "time is up"
    assert str(RunFailed("not understood", Place("a.sh", 1), "enable -f x")) == (
        "a.sh:1: not understood (command: enable -f x)"
    )


def test_a_missing_branch_has_a_name() -> None:
    assert str(NotPorted("test_xla")) == "not ported yet: test_xla"


def test_only_captured_probes_cost_trust() -> None:
    probe = Unanswered(("x",), Place("a.sh", 1), captured=False)
    captured = Unanswered(("x",), Place("a.sh", 1), captured=True)
    plan = Plan((), 0)
    assert Observation(plan).trusted
    assert Observation(plan, unanswered=(probe,)).trusted
    assert not Observation(plan, unanswered=(probe, captured)).trusted
