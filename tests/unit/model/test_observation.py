"""What a run showed, and the errors that say why there is nothing to show."""

from __future__ import annotations

import dataclasses

import pytest

from ci_port.model import Asked, NotPorted, Observation, Place, Plan, RunFailed, Unanswered


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


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", Asked)
def test_whatever_is_unanswered_costs_trust(version: int, what: Asked) -> None:
    probe = Unanswered(what, ("x",), Place("a.sh", 1))
    observation = Observation(Plan((), 0), unanswered=(probe,), version=version)
    assert not observation.trusted
    assert dataclasses.replace(observation, unanswered=()).trusted


@pytest.mark.parametrize(
    ("what", "subject", "paste"),
    [
        (Asked.OUTPUT, ("git", "x y"), '{"commands":[{"argv":["git","x y"],"stdout":""}]}'),
        (Asked.STATUS, ("make",), '{"commands":[{"argv":["make"],"status":0}]}'),
        (Asked.STATUS, ("make", "**"), '{"commands":[{"argv":["make","*"],"status":0}]}'),
        (Asked.PATH, ("/w/x",), '{"absent":["/w/x"]}'),
        (Asked.COMMAND, ("foo",), '{"missing":["foo"]}'),
        (Asked.STDIN, (), '{"stdin":""}'),
    ],
)
def test_what_is_unanswered_comes_with_the_line_that_settles_it(
    what: Asked, subject: tuple[str, ...], paste: str
) -> None:
    assert Unanswered(what, subject, Place("a.sh", 1)).paste == paste
