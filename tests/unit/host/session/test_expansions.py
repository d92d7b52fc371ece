"""What words become."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.host import Program, Session, observe
from ci_port.model import Case, RunFailed, World
from tests.unit.host.session.beside_bash import TRAP, Row, check, trapped


def arithmetic_fault(sh: Session) -> None:
    """`V=$((08))`."""
    sh["V"] = sh.arithmetic("08")


ROWS = (
    Row("arithmetic fault stops with 1", TRAP + "h() { local V=in; V=$((08)); c no 0; }; h", trapped(arithmetic_fault)),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)


def test_home(world: World) -> None:
    """`~` is `$HOME`, even if empty; the account's if unset."""
    seen = []
    for value in ("/root", "", None):
        observe(lambda sh: seen.append(sh.home()), world, Case("case", (("HOME", value),)))
    assert seen[:2] == ["/root", ""]
    assert seen[2].startswith("/")


@pytest.mark.parametrize("words", [lambda sh: sh.split("!(a)*"), lambda sh: sh.glob("x/", "*\\")])
def test_a_pattern_that_is_not_known_is_refused(world: World, words: Program) -> None:
    """A meaning that depends on a shell option, or that bash is not of one mind about, is not guessed."""
    with pytest.raises(RunFailed, match="pattern"):
        observe(words, world, Case("case", ()))
