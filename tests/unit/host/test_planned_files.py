"""What a planned run knows of files: what it asks, what is settled, and what rules make and remove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ci_port.host import Session, observe
from ci_port.model import Asked, Case, Environment, Rule, RunFailed, World
from tests.unit.dryrun.test_makes import CANNOT_BE_MADE

WORLD = World(
    workspace="/w",
    path="/bin",
    env=Environment({"HOME": "/home/u"}),
    version=2,
    files={"/w/f": "text\n"},
    absent=("/w/gone", "/opt/x*"),
    commands=(Rule(("known",)), Rule(("mkdir", "**"), 0, makes=(("d", None),))),
)


def asked(program: Callable[[Session], object], **more: Any) -> list[tuple[Asked, tuple[str, ...]]]:
    """Return what a program asks."""

    def planned(sh: Session) -> None:
        program(sh)

    found = observe(planned, replace(WORLD, **more), Case("case", ()))
    return [(one.what, one.subject) for one in found.unanswered]


@pytest.mark.parametrize(
    ("path", "is_asked"),
    [
        ("f", False),
        ("f/below", False),
        ("gone", False),
        ("gone/below", False),
        ("/opt/xyz", False),
        ("/opt/y", True),
        ("unknown", True),
        ("/dev/null", False),
    ],
)
@pytest.mark.parametrize("how", ["exists", "is_file", "is_dir", "is_link", "is_executable", "read"])
def test_what_the_world_does_not_say_is_asked(path: str, is_asked: bool, how: str) -> None:
    """Whatever is asked of it."""
    whole = path if path.startswith("/") else f"/w/{path}"
    assert asked(lambda sh: getattr(sh, how)(path)) == ([(Asked.PATH, (whole,))] if is_asked else [])


def test_what_the_run_has_made_sure_of_is_not_asked() -> None:
    """Nor what stands below it; until a command has run of which nobody knows what it does to files."""

    def program(sh: Session) -> None:
        sh.run("rm", "-rf", "new")
        sh.is_dir("new/below")
        sh.run("unknown")
        sh.is_dir("new/below")

    assert asked(program) == [(Asked.PATH, ("/w/new/below",))]


def test_what_a_command_without_a_rule_has_printed_is_asked_when_it_is_read() -> None:
    """Not before, and not where a rule says what it is."""

    def program(sh: Session) -> None:
        sh.run("unknown", "a", stdout="log")
        sh.run("known", stdout="said")
        sh.read("said")
        sh.read("log")

    assert asked(program) == [(Asked.OUTPUT, ("unknown", "a"))]


def test_a_tree_that_is_checked_out_is_wholly_known() -> None:
    """All but git's own folder."""

    def program(sh: Session) -> None:
        for path in ("nothing", ".git/hooks/pre-commit", "/elsewhere"):
            sh.exists(path)

    assert [subject for _, subject in asked(program, checkout=True)] == [("/w/.git/hooks/pre-commit",), ("/elsewhere",)]


@pytest.mark.parametrize(
    ("name", "script", "makes", "path", "why"), CANNOT_BE_MADE, ids=[row[0] for row in CANNOT_BE_MADE]
)
def test_what_no_command_could_make_is_an_error(name: str, script: str, makes: Any, path: str, why: str) -> None:
    """As on the recorder's side."""
    del name

    def program(sh: Session) -> None:
        sh.run(*script.split())
        sh.run("gen")

    with pytest.raises(RunFailed, match=f": {path}, which a rule makes, cannot be made: {why}"):
        asked(program, commands=(Rule(("gen",), makes=(makes,)),))
