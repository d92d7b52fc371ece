"""Pipelines, and what is captured."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.host import Session, function, observe
from ci_port.host.filters import field, matching
from ci_port.model import Case, World
from tests.unit.host.session.beside_bash import Row, after, c, check, then


@function
def substitute_under_local_list(sh: Session) -> None:
    """A lone command in `$( )` gets an environment of its own."""
    c(sh, "before")
    sh.local_array("V", ("a",))
    sh.output("c", "fresh", "0")
    c(sh, "stale")


ROWS = (
    Row(
        "a list hides from a lone substitution",
        "h() { c before 0; local V=(a); X=$(c fresh 0); c stale 0; }; h; c after 0",
        then(substitute_under_local_list, after),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)


def test_output_loses_trailing_newlines(world: World) -> None:
    """And keeps its status for `assign`."""
    seen = []

    def program(sh: Session) -> None:
        seen.append(sh.output("say", "hello"))
        seen.append(sh.output("say", "bad"))
        sh.settle()

    assert observe(program, world, Case("case", ())).plan.status == 3
    assert seen == ["hello", "half"]


def test_pipeline_has_the_rightmost_failure(world: World) -> None:
    """`pipefail`: a filter that finds nothing beats the command's own status."""
    plan = observe(lambda sh: sh.pipeline("say", "bad", through=[matching("x")]), world, Case("case", ())).plan
    assert plan.status == 1
    plan = observe(lambda sh: sh.pipeline("say", "bad", through=[field(1)]), world, Case("case", ())).plan
    assert plan.status == 3


def test_a_file_through_filters(world: World) -> None:
    """A missing one is a failed member."""

    def program(sh: Session) -> None:
        assert sh.text_of("notes.txt", matching("^two"), field(2)) == "words"
        assert sh.status == 0
        assert sh.text_of("missing", field(1)) == ""
        assert sh.status == 1

    observe(program, world, Case("case", ()))
