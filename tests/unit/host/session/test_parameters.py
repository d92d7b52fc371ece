"""Variables, lists, and what commands get of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.host import Session, function
from tests.unit.host.session.beside_bash import TRAP, Row, after, c, check, then, trapped


def captured(sh: Session) -> None:
    """`V=$(c cap 3 text)`."""
    sh.assign("V", sh.output("c", "cap", "3", "text"))


@function
def export_local_list(sh: Session) -> None:
    """A list hides the exported variable from the next making of the environment on (docs/bash.md#variables)."""
    c(sh, "before")
    sh.local_array("V", ("a",))
    c(sh, "stale")
    sh.run("c", "made anew", "0", env={"W": "1"})
    c(sh, "gone")


@function
def declare_only(sh: Session) -> None:
    """`local V`."""
    sh.local(V=None)
    c(sh, "declared")
    sh["V"] = "set"
    c(sh, "set")


@function
def unset_and_export(sh: Session) -> None:
    """Export marks."""
    sh["W"] = "not seen"
    sh.unexport("V")
    c(sh, "unexported")
    sh.mark_for_export("V")
    c(sh, "exported")
    sh.unset("V")
    c(sh, "unset")
    sh["V"] = "plain"
    c(sh, "plain")


ROWS = (
    Row("a failed capture is assigned", TRAP + "V=$(c cap 3 text); c after 0", trapped(then(captured, after))),
    Row(
        "a list hides late",
        "h() { c before 0; local V=(a); c stale 0; W=1 c 'made anew' 0; c gone 0; }; h; c after 0",
        then(export_local_list, after),
    ),
    Row(
        "local without value", "h() { local V; c declared 0; V=set; c set 0; }; h; c after 0", then(declare_only, after)
    ),
    Row(
        "export marks",
        "W='not seen'; export -n V; c unexported 0; export V; c exported 0; unset V; c unset 0; V=plain; c plain 0",
        unset_and_export,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bash_and_session_agree(row: Row, tmp_path: Path) -> None:
    check(row, tmp_path)
