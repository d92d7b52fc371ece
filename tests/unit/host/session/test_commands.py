"""What a command looks like in the plan."""

from __future__ import annotations

import pytest

from ci_port.host import NULL, PIPE, ProcessSubstitution, Session, Stream, observe
from ci_port.model import Case, Execute, RunFailed, World


def test_redirections_and_directory(world: World) -> None:
    """Files are named from the workspace, pipes by their kind."""

    def program(sh: Session) -> None:
        with sh.pushd("test"):
            sh.run("a", stdin="/w/notes.txt", stdout=NULL, stderr=NULL)
            sh.run("b", stdin=Stream("x"))
            sh.output("d", ProcessSubstitution("text"), stderr=PIPE)
        with sh.pushd("/elsewhere"):
            sh.run("e")

    steps = observe(program, world, Case("case", ())).plan.steps
    assert steps == (
        Execute(("a",), "test", stdin="notes.txt", stdout=NULL, stderr=NULL),
        Execute(("b",), "test", stdin=PIPE, input="x"),
        Execute(("d", "/dev/fd/63"), "test", stdout=PIPE, stderr=PIPE, input="text"),
        Execute(("e",), "/elsewhere"),
    )


def test_missing_input_fails_without_running(world: World) -> None:
    """As `command < missing` does."""
    plan = observe(lambda sh: sh.run("a", stdin="missing"), world, Case("case", ())).plan
    assert (plan.steps, plan.status) == ((), 1)


def test_builtin_as_a_word_is_refused(world: World) -> None:
    """`$TASKSET python` with `TASKSET=eval` is nothing that a list of words can say."""
    with pytest.raises(RunFailed, match="part of the shell"):
        observe(lambda sh: sh.run("eval", "a"), world, Case("case", ()))
