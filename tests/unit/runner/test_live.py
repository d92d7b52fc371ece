"""Running the port for real, and what its own failures lead to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.host import Session
from ci_port.host.live import LiveHost
from ci_port.runner.live import FAILED, Ended, NothingHasRun, run

# A test worker has threads, the runner has none when it forks; the warning is Python 3.12's.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

Program = Callable[[Session], None]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Program], Ended]:
    monkeypatch.chdir(tmp_path)
    env = {"PATH": os.environ["PATH"]}
    return lambda program: run(program, env, LiveHost("script"), "script.sh")


def test_status_and_steps(started: Callable[[Program], Ended]) -> None:
    def program(sh: Session) -> None:
        sh.run("env")
        sh.limit("core", 0)
        sh.write("file", "x")
        sh.run("sh", "-c", "exit 5")

    ended = started(program)
    assert (ended.status, ended.signal, ended.steps) == (5, 0, 4)
    assert len(ended.step_seconds) == 4


def test_a_failure_before_the_first_effect_lets_the_script_take_over(started: Callable[[Program], Ended]) -> None:
    def program(sh: Session) -> None:
        sh.echo("saying something is no effect")
        sh.export(A="1")
        raise ValueError("early")

    with pytest.raises(
        NothingHasRun, match=r"the port failed before its first command: ValueError at .*test_live\.py:\d+ in program"
    ):
        started(program)


@pytest.mark.parametrize(
    "effect",
    [
        lambda sh: sh.run("env"),
        lambda sh: sh.ok("ls", "/nowhere"),
        lambda sh: sh.output("env"),
        lambda sh: sh.limit("core", 0),
        lambda sh: sh.write("file", "x"),
        lambda sh: sh.source("/dev/null"),
    ],
)
def test_after_any_effect_there_is_no_way_back(
    started: Callable[[Program], Ended], effect: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    def program(sh: Session) -> None:
        effect(sh)
        raise ValueError("late")

    assert started(program).status == FAILED
    said = capfd.readouterr().err
    assert "ValueError (CI_PORT_DEBUG=1 shows what it says)" in said
    assert "late" not in said.replace('raise ValueError("late")', "")
    assert "test_live.py" in said
    assert "bash script.sh" in said


def test_handlers_still_run_when_the_port_fails(
    started: Callable[[Program], Ended], capfd: pytest.CaptureFixture[str]
) -> None:
    def program(sh: Session) -> None:
        sh.trap_exit(lambda sh: sh.run("echo-is-no-program"))
        sh.trap_exit(lambda sh: sh.run("sh", "-c", "echo second"))
        sh.run("env")
        raise ValueError("late")

    assert started(program).status == FAILED
    assert "second" not in capfd.readouterr().out  # the first handler failed


def test_a_handler_that_breaks_is_the_ports_failure(started: Callable[[Program], Ended]) -> None:
    def broken(sh: Session) -> None:
        raise ValueError("in a handler")

    def program(sh: Session) -> None:
        sh.trap_exit(broken)
        sh.run("env")

    assert started(program).status == FAILED


def test_a_command_that_is_not_there_is_no_effect(started: Callable[[Program], Ended]) -> None:
    def program(sh: Session) -> None:
        sh.ok("no-such-command")
        raise ValueError("early")

    with pytest.raises(NothingHasRun):
        started(program)
