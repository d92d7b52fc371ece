"""What runs next, and what stops it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.host import Session, Stream, function
from tests.unit.host.session.beside_bash import (
    F,
    L,
    R,
    Row,
    X,
    after,
    c,
    check,
    excused,
    exits,
    fails_in_the_middle,
    has_local,
    in_subshell,
    ok,
    returns,
    then,
    with_env,
)


@function
def ends_badly(sh: Session) -> None:
    """`g() { c one 0; c two 2; }`."""
    c(sh, "one")
    c(sh, "two", 2)


G = "g() { c one 0; c two 2; }; "


IF = "if {}; then c yes 0; else c no 0; fi; c after 0"


def set_v(value: str) -> Callable[[Session], None]:
    """Return `V=value`."""

    def assign(sh: Session) -> None:
        sh["V"] = value

    return assign


def list_and(sh: Session) -> None:
    """`c a 1 && c b 0`."""
    if ok(sh, "a", 1):
        c(sh, "b")


def each_line_eats(sh: Session) -> None:
    """A loop at the end of a pipeline; what it exports stays inside."""
    lines = Stream("1\n2\n")
    with sh.subshell(stdin=lines):
        while (line := lines.line()) is not None:
            sh.export(V=line)
            c(sh, f"line {line}")


ROWS = (
    Row("a failing command stops", "c a 0; c b 2; c d 0", then(lambda sh: c(sh, "a"), lambda sh: c(sh, "b", 2), after)),
    Row("in a function too", F + "f; c after 0", then(fails_in_the_middle, after)),
    Row("not in a condition", F + IF.format("f"), then(excused(fails_in_the_middle), after)),
    Row("a condition has the last status", G + IF.format("g"), then(excused(ends_badly), after)),
    Row("nor deep in one", F + L + IF.format("l"), then(excused(has_local), after)),
    Row(
        "nor in its subshell",
        F + IF.format("(f; c b 1)"),
        then(excused(in_subshell(then(fails_in_the_middle, lambda sh: c(sh, "b", 1)))), after),
    ),
    Row("exit ends all, from a condition too", X + IF.format("x"), then(excused(exits), after)),
    Row("exit ends only its subshell", X + IF.format("(x)"), then(excused(in_subshell(exits)), after)),
    Row("whose status then stops", X + "(x); c after 0", then(in_subshell(exits), after)),
    Row("return stops the caller", R + "r; c after 0", then(returns, after)),
    Row("return in a condition", R + IF.format("r"), then(excused(returns), after)),
    Row("but-last of a list does not stop", "c a 1 && c b 0; c after 0", then(list_and, after)),
    Row(
        "subshell forgets",
        "(V=in; c a 0); c after 0",
        then(in_subshell(then(set_v("in"), lambda sh: c(sh, "a"))), after),
    ),
    Row("local is put back", F + L + "l || true; c after 0", then(lambda sh: sh.status_of(has_local, sh), after)),
    Row(
        "temporary is exported within",
        F + "unset V; V=temp f || true; c after 0",
        then(lambda sh: sh.unset("V"), lambda sh: sh.status_of(with_env(fails_in_the_middle), sh), after),
    ),
    Row(
        "a loop at the end of a pipeline",
        "printf '1\\n2\\n' | while read -r x; do export V=$x; c \"line $x\" 0; done; c after 0",
        then(each_line_eats, after),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)
