"""What runs at the end, and in which state."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.host import Session, function
from tests.unit.host.session.beside_bash import (
    TRAP,
    F,
    L,
    R,
    Row,
    X,
    c,
    check,
    exits,
    fails_in_the_middle,
    handler,
    has_local,
    in_subshell,
    returns,
    trapped,
    with_env,
)


@function
def has_local_and_exits(sh: Session) -> None:
    """`e() { local V=local; x; }`."""
    sh.local(V="local")
    exits(sh)


E = "e() { local V=local; x; }; "


@function
def failing_handler(sh: Session) -> None:
    """An EXIT handler that fails."""
    c(sh, "bad handler", 2)
    c(sh, "never")


def fails_then_handler_fails(sh: Session) -> None:
    """Two handlers, the first fails."""
    sh.trap_exit(failing_handler)
    sh.trap_exit(handler)
    c(sh, "body", 1)


ROWS = (
    Row("handler after failure: locals gone", TRAP + F + L + "l", trapped(has_local)),
    Row("handler after failure: temporary gone", TRAP + F + "V=temp f", trapped(with_env(fails_in_the_middle))),
    Row("handler after exit: locals stay", TRAP + X + E + "e", trapped(has_local_and_exits)),
    Row("handler after exit: temporary stays", TRAP + X + "V=temp x", trapped(with_env(exits))),
    Row("handler after return: temporary gone", TRAP + R + "V=temp r", trapped(with_env(returns))),
    Row("exit in subshell leaves no temporary", TRAP + X + "(V=temp x)", trapped(in_subshell(with_env(exits)))),
    Row(
        "a failing handler ends all",
        "trap 'c \"bad handler\" 2; c never 0; c handler 0' EXIT; c body 1",
        fails_then_handler_fails,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)
