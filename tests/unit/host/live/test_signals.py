"""Signals, beside bash: what ends a run, and what a terminal does."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.host.live.beside_bash import BASH, BEGIN, as_port, environment, ran

# A test worker has threads, and Python 3.12 warns when such a process forks; the child here only executes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@dataclass(frozen=True)
class Sent:
    """A signal: to whom, and what the command does about it."""

    number: int
    to: str
    command: str = "sleep 20"

    def __str__(self) -> str:
        return f"{signal.Signals(self.number).name} to {self.to}, {self.command.split()[0]}"


CATCHES = "sh -c 'trap \"exit 0\" INT TERM HUP; touch ready; while :; do sleep 0.02; done'"
WAITS = "sh -c 'touch ready; exec sleep 20'"
SENT = [
    Sent(number, to, command)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for to in ("all", "command")
    for command in (WAITS, CATCHES)
]


@pytest.mark.parametrize(
    "sent",
    SENT,
    ids=lambda sent: f"{signal.Signals(sent.number).name}-{sent.to}-{'caught' if sent.command == CATCHES else 'not'}",
)
def test_signals_end_a_run_as_they_end_bash(place: Path, sent: Sent) -> None:
    words = {WAITS: ("sh", "-c", "touch ready; exec sleep 20")}.get(
        sent.command, ("sh", "-c", 'trap "exit 0" INT TERM HUP; touch ready; while :; do sleep 0.02; done')
    )
    (place / "script").write_text(BEGIN + f"trap 'echo handler; sh -c \"exit 0\"' EXIT\n{sent.command}\necho after\n")
    script = signalled([BASH, "script"], place, sent)
    body = "sh.trap_exit(lambda sh: (sh.echo('handler'), sh.run('sh', '-c', 'exit 0')))\n"
    port = signalled(as_port(f"{body}sh.run(*{words!r})\nsh.echo('after')"), place, sent)
    assert port == script


def signalled(command: list[str], place: Path, sent: Sent) -> tuple[int, str]:
    """Start a command, send the signal once its own command is there, and return how it ended.

    Bash gets what a terminal or a CI system sends to everybody; the port gets it alone, and has to pass it on.
    """
    (place / "ready").unlink(missing_ok=True)
    with (place / "out").open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=place,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while not (place / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        if sent.to == "command":
            os.kill(child_of(process.pid), sent.number)
        elif command[0] == BASH:
            os.killpg(process.pid, sent.number)
        else:
            os.kill(process.pid, sent.number)
        process.wait(60)
    return process.returncode, (place / "out").read_text()


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(place: Path) -> None:
    body = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); sh.run('sh', '-c', 'kill -HUP $$; echo alive')"
    command = as_port(body)
    port = ran(["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command], place)
    assert (port.returncode, port.stdout) == (0, b"alive\n")


@dataclass(frozen=True)
class Typed:
    """What is typed at a terminal once the command is ready, and what the run comes to."""

    text: bytes
    command: str
    status: int
    shown: bytes


@pytest.mark.parametrize(
    "typed",
    [
        Typed(b"hello\n", 'touch ready; read line; echo "got $line"', 0, b"got hello"),
        Typed(b"\x03", "touch ready; exec sleep 20", -signal.SIGINT, b"handler"),
    ],
    ids=["a line", "ctrl-c"],
)
def test_a_terminal_listens_to_the_command(place: Path, typed: Typed) -> None:
    import pty

    body = f"sh.trap_exit(lambda sh: sh.run('sh', '-c', 'echo handler'))\nsh.ok('sh', '-c', {typed.command!r})"
    statuses = []
    for command in ([BASH, "-c", f"trap 'echo handler' EXIT; sh -c '{typed.command}' || true"], as_port(body)):
        (place / "ready").unlink(missing_ok=True)
        pid, terminal = pty.fork()
        if not pid:
            os.chdir(place)
            os.execve(command[0], command, environment(place))
        deadline = time.monotonic() + 60
        while not (place / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.write(terminal, typed.text)
        assert typed.shown in read_to_the_end(terminal)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os.close(terminal)
    assert statuses == [typed.status, typed.status]


def read_to_the_end(terminal: int) -> bytes:
    """Return all that a terminal shows; its end is an error (EIO)."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:
        pass
    return shown
