"""What follows from a status, and where a session is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.host import Failed, PlanHost, Session, function, observe
from ci_port.host.answers import prepare
from ci_port.model import Case, Place, World
from tests.unit.host.session.beside_bash import c


@function
def inner(sh: Session) -> None:
    """Is called by `outer`."""
    c(sh, "by a helper")
    with sh.subshell("test"), sh.pushd("deeper"):
        sh.run("inside")


@function
def outer(sh: Session) -> None:
    """Has steps of every kind."""
    inner(sh)
    sh.output("captured")
    sh.write("file", "text")
    sh.limit("core", 0)
    sh.source("./other.sh")
    for word in sh.each("V", ["x"]):
        sh.ok("looped", word)


def line_of(function: Callable[..., object], number: int) -> int:
    """Return a line of a function, counted from its decorator or its `def`."""
    return inspect.getsourcelines(function)[1] + number


def test_a_place_is_the_line_of_the_port_and_the_functions_around_it(world: World) -> None:
    """Not a line of the machinery, whichever part of the session took the step."""
    first, *others = observe(outer, world, Case("case", ())).places
    assert (Path(first.file).name, first.line, first.functions) == ("beside_bash.py", line_of(c, 2), ("inner", "outer"))
    here = str(Path(__file__).relative_to(Path(__file__).parents[4]))
    assert others == [
        Place(here, line_of(inner, 5), ("inner", "outer")),
        *(Place(here, line_of(outer, number), ("outer",)) for number in (4, 5, 6, 7, 9)),
    ]


def test_a_session_that_is_in_no_port_has_a_place_too(world: World) -> None:
    """The line that asks."""
    session = Session(PlanHost(prepare(world), {}), {}, "/w")
    assert session.place().line == line_of(test_a_session_that_is_in_no_port_has_a_place_too, 3)


def test_a_status_stops_only_where_nothing_excuses_it(world: World) -> None:
    """`set -e`."""
    session = Session(PlanHost(prepare(world), {}), {}, "/w")
    session.settle(0)
    with pytest.raises(Failed):
        session.settle(3)
    assert session.status_of(session.settle, 3) == 3
    assert session.status == 0
