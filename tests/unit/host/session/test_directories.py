"""Where commands and handlers run."""

from __future__ import annotations

from ci_port.host import Session, observe
from ci_port.model import Case, Execute, World
from tests.unit.host.session.beside_bash import c, handler


def test_failure_inside_pushd_leaves_the_handler_there(world: World) -> None:
    """There is no popd where nobody comes back."""

    def program(sh: Session) -> None:
        sh.trap_exit(handler)
        with sh.pushd("test"):
            c(sh, "bad", 1)

    steps = observe(program, world, Case("case", ())).plan.steps
    assert [step.cwd for step in steps if isinstance(step, Execute)] == ["test", "test"]


def test_cd(world: World) -> None:
    """Logical, as `cd` is; into a file, it fails."""
    seen = []

    def program(sh: Session) -> None:
        for directory in ("test", "..", "../x/./y//", "/"):
            sh.cd(directory)
            seen.append(sh.cwd)
        sh.cd("/w/notes.txt")

    assert observe(program, world, Case("case", ())).plan.status == 1
    assert seen == ["/w/test", "/w", "/x/y", "/"]
