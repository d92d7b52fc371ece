"""Signals at random: any of them, to the shell or to all, while any command runs, or at any moment at all.

`tools/test` sends 60, `--long` 400; the same ones every time.
"""

from __future__ import annotations

import random
import signal

import pytest

from ci_port.model import World
from tests.parity.live_machine import BASH, RUNNER, LiveMachine, Signals

JOB = {"BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11", "TEST_CONFIG": "smoke", "SHARD_NUMBER": "1"}
PARTS = 10
LASTS = 1500
"""Milliseconds for which a command waits for its signal."""

IN_A_SUBSHELL = "git status --porcelain"
"""A member of a pipeline in `$( )`: bash has a process for that, which dies of QUIT (docs/runner.md)."""

SENT = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS),
    *(signal.SIGFPE, signal.SIGKILL, signal.SIGUSR1, signal.SIGSEGV, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM),
    *(signal.SIGTERM, signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGVTALRM),
    *(signal.SIGPROF, signal.SIGWINCH, signal.SIGIO, signal.SIGPWR, signal.SIGSYS),
    *(signal.SIGRTMIN, signal.SIGRTMAX),
)


@pytest.mark.parametrize("part", range(PARTS))
def test_while_a_command_runs(
    machine: LiveMachine, packaged_world: World, part: int, request: pytest.FixtureRequest
) -> None:
    """Status and commands are those of bash."""
    start = packaged_world.start(JOB)
    env = _environment(machine)
    machine.reset(start)
    commands = len(machine.run_script(env).commands)
    for number in range(30 if request.config.getoption("--long") else 4):
        chance = random.Random(f"command {part} {number}")
        sent = Signals(int(chance.choice(SENT)), group=chance.random() < 0.5)
        hang = (chance.randint(1, commands), int(chance.random() < 0.3), LASTS)
        runs = []
        for command in ([BASH, ".ci/pytorch/test.sh"], _runner(machine)):
            machine.reset(start, hang=hang)
            runs.append(machine.run(command, env, signals=sent))
            machine.end()
        assert runs[1].commands == runs[0].commands, (sent, hang, runs[1].stderr)
        if sent.number == signal.SIGQUIT and sent.group and runs[0].commands[hang[0] - 1] == IN_A_SUBSHELL:
            assert (runs[0].status, runs[1].status) == (128 + signal.SIGQUIT, 0)
        else:
            assert runs[1].comparable == runs[0].comparable, (sent, hang)


@pytest.mark.parametrize("part", range(PARTS))
def test_at_any_moment(machine: LiveMachine, packaged_world: World, part: int, request: pytest.FixtureRequest) -> None:
    """It ends as bash may end then: so many commands of the job, and its EXIT handlers or not, each command once."""
    start = packaged_world.start(JOB)
    env = _environment(machine)
    machine.reset(start)
    whole = machine.run_script(env)
    handlers = whole.commands[whole.commands.index("git status --porcelain") + 1 :]
    for number in range(10 if request.config.getoption("--long") else 2):
        chance = random.Random(f"moment {part} {number}")
        sent = chance.choice(SENT)
        machine.reset(start)
        after = chance.random() * 0.3
        to_all = random.Random(after).random() >= 0.5
        run = machine.run(_runner(machine), env, signals=Signals(int(sent), group=to_all, after=after))
        machine.end()
        assert run.status in (0, -sent, *_own_ends(sent)), (sent, run.stderr)
        assert _is_a_way_through(run.commands, whole.commands, handlers), (sent, run.commands)
        if run.status == 0:
            assert run.commands == whole.commands


def _own_ends(sent: signal.Signals) -> tuple[int, ...]:
    """Return the statuses of a job whose command died of a signal that its shell does not mind."""
    return (128 + sent,) if sent in (signal.SIGQUIT, signal.SIGINT) else ()


def _is_a_way_through(seen: list[str], whole: list[str], handlers: list[str]) -> bool:
    """Return whether commands were run from the first to any, then the handlers from the first to any."""
    for first in range(len(seen) + 1):
        rest = seen[first:]
        if seen[:first] == whole[:first] and rest == handlers[: len(rest)]:
            return True
    return False


def _environment(machine: LiveMachine) -> dict[str, str]:
    return {**machine.environment(JOB), "USE_PYTHON_TEST_RUNNER": "1"}


def _runner(machine: LiveMachine) -> list[str]:
    return [*RUNNER, str(machine.bundled), "--phase", "3"]
