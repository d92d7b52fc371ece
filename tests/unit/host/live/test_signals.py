"""Signals, beside bash: what ends a run and when, what a command gets of what the parent left, what a terminal does.

Both sides get the same: the signal goes to the shell alone, to all of its group, or to its command alone.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port.runner.signals import IGNORED
from tests.unit.host.live.beside_bash import BASH, BEGIN, as_port, environment

# A test worker has threads, and Python 3.12 warns when such a process forks; the child here only executes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

ENDING = (
    *("HUP", "INT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "XCPU"),
    *("XFSZ", "VTALRM", "SYS"),
)
SOME = ("INT", "TERM", "USR1", "SEGV", "QUIT", "PROF")
WAITS = "touch ready; exec sleep 0.7"
CATCHES = (
    "trap 'exit 0' INT TERM USR1; touch ready; n=0; while [ $n -lt 30 ]; do sleep 0.02; n=$((n + 1)); done; exit 3"
)
IGNORES = "trap '' INT TERM USR1; touch ready; exec sleep 0.7"


@dataclass(frozen=True)
class Place:
    """Where in a script a command waits, `%` in both languages. `echo after` follows."""

    bash: str
    port: str
    handler: str = "exit 0"


PLACES = {
    "command": Place("sh -c %", "sh.run('sh', '-c', %)"),
    "condition": Place("sh -c % || echo failed", "sh.ok('sh', '-c', %) or sh.echo('failed')"),
    "capture": Place("x=$(sh -c %); echo got", "sh.assign('x', sh.output('sh', '-c', %)); sh.echo('got')"),
    "sourced": Place("source ./part %", "sh.source('./part', %)"),
    "handler": Place(":", "pass", WAITS),
}


@dataclass(frozen=True)
class Sent:
    """A signal, to whom, where in the script, and what the command does about it."""

    name: str
    to: str
    place: str
    command: str = WAITS

    def __str__(self) -> str:
        does = {WAITS: "dies", CATCHES: "catches", IGNORES: "ignores"}[self.command]
        return f"{self.name}-to-{self.to}-{self.place}-{does}"


def _sent() -> Iterator[Sent]:
    for name in (*ENDING, "QUIT", "PROF", "IO"):
        yield Sent(name, "all", "command")
        yield Sent(name, "shell", "command")
    for name in SOME:
        for place in PLACES:
            if place != "command":
                yield Sent(name, "all", place)
                yield Sent(name, "shell", place)
    for name in ("INT", "TERM", "USR1"):
        for command in (CATCHES, IGNORES):
            yield Sent(name, "all", "command", command)
            yield Sent(name, "all", "capture", command)
            yield Sent(name, "all", "sourced", command)
        yield Sent(name, "command", "command")
        yield Sent(name, "command", "command", CATCHES)


@pytest.mark.parametrize("sent", list(_sent()), ids=str)
def test_signals_end_a_run_as_they_end_bash(place: Path, sent: Sent) -> None:
    where = PLACES[sent.place]
    (place / "part").write_text('sh -c "$1"\necho rest of the part\n')
    quoted = '"' + sent.command.replace("$", r"\$") + '"'
    (place / "script").write_text(
        f"{BEGIN}trap 'echo handler; sh -c \"{where.handler}\"; echo last' EXIT\n"
        f"{where.bash.replace('%', quoted)}\necho after\n"
    )
    script = signalled([BASH, "script"], place, sent)
    port = signalled(
        as_port(
            f"sh.trap_exit(lambda sh: (sh.echo('handler'), sh.run('sh', '-c', {where.handler!r}), sh.echo('last')))\n"
            f"{where.port.replace('%', repr(sent.command))}\nsh.echo('after')"
        ),
        place,
        sent,
    )
    assert port == script


def signalled(command: list[str], place: Path, sent: Sent) -> tuple[int, str]:
    """Start a command, send the signal once its own command is there; return how it ended and what it had said."""
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
        wait_until_ready(place)
        number = signal.Signals[f"SIG{sent.name}"]
        if sent.to == "all":
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid if sent.to == "shell" else child_of(process.pid), number)
        process.wait(60)
        said = (place / "out").read_text()
    end_group(process.pid)
    return process.returncode, said


def wait_until_ready(place: Path) -> None:
    """Wait for the command's sign, and a little longer, until it does nothing but wait."""
    deadline = time.monotonic() + 60
    while not (place / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.03)


def end_group(group: int) -> None:
    """End what a shell that did not wait for its command has left running."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_kill_to_the_group_leaves_nothing_alive(place: Path) -> None:
    for command in ([BASH, "-c", f'sh -c "{WAITS}"'], as_port(f"sh.run('sh', '-c', {WAITS!r})")):
        assert signalled(command, place, Sent("KILL", "all", "command")) == (-signal.SIGKILL, "")
        assert not [process for process in Path("/proc").glob("[0-9]*") if _lives_in(process, place)], (
            f"{command[0]} left something"
        )


def _lives_in(process: Path, place: Path) -> bool:
    try:
        return (process / "cwd").readlink() == place and "\nState:\tZ" not in (process / "status").read_text()
    except OSError:
        return False


SHOWS = "grep -E 'Sig(Blk|Ign)' /proc/self/status"


@pytest.mark.parametrize(
    ("ignored", "blocked"),
    [
        ((), ()),
        (("HUP",), ()),
        (("INT", "QUIT", "TERM"), ()),
        (("CHLD", "ALRM", "USR1", "WINCH"), ()),
        (("PIPE",), ()),
        (("PIPE", "XFSZ", "SEGV"), ()),
        ((), ("TERM", "USR1")),
        ((), ("CHLD", "INT", "ALRM", "SEGV")),
        (("HUP", "PIPE"), ("HUP", "QUIT")),
    ],
)
def test_commands_get_what_the_parent_left(place: Path, ignored: tuple[str, ...], blocked: tuple[str, ...]) -> None:
    mask = sum(1 << signal.Signals[f"SIG{name}"] - 1 for name in ignored)
    port = as_port(f"sh.run('sh', '-c', {SHOWS!r})\nsh.assign('x', sh.output('sh', '-c', {SHOWS!r}))\nsh.echo(sh['x'])")
    port[1:1] = ["-X", f"{IGNORED}={mask:016x}"]
    script = [BASH, "-c", f'sh -c "{SHOWS}"; x=$(sh -c "{SHOWS}"); echo "$x"']
    runs = [left_with(command, place, ignored, blocked) for command in (script, port)]
    assert runs[0] == runs[1]


LEAVES = """\
import os, signal, sys
for name in sys.argv[1].split():
    signal.signal(signal.Signals["SIG" + name], signal.SIG_IGN)
for name in {"PIPE", "XFSZ"} - {*sys.argv[1].split()}:
    signal.signal(signal.Signals["SIG" + name], signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.Signals["SIG" + name] for name in sys.argv[2].split()])
os.execv(sys.argv[3], sys.argv[3:])
"""


def left_with(command: list[str], place: Path, ignored: tuple[str, ...], blocked: tuple[str, ...]) -> bytes:
    """Run a command with these signals ignored and blocked; return what it prints."""
    wrapped = [sys.executable, "-I", "-S", "-c", LEAVES, " ".join(ignored), " ".join(blocked), *command]
    return subprocess.run(
        wrapped,
        cwd=place,
        env=environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    ).stdout


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(place: Path) -> None:
    body = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); sh.run('sh', '-c', 'kill -HUP $$; echo alive')"
    assert left_with(as_port(body), place, ("HUP",), ()) == b"alive\n"


@pytest.mark.parametrize(("ignored", "status"), [((), -signal.SIGPIPE), (("PIPE",), 1)])
def test_a_reader_that_has_gone(place: Path, ignored: tuple[str, ...], status: int) -> None:
    """Ignored, SIGPIPE is a failure of the `echo`, which ends the script by `set -e`."""
    mask = sum(1 << signal.Signals[f"SIG{name}"] - 1 for name in ignored)
    port = as_port("sh.trap_exit(lambda sh: sh.write('handler', 'ran'))\nsh.echo('x')\nsh.write('after', 'ran')")
    port[1:1] = ["-X", f"{IGNORED}={mask:016x}"]
    script = [BASH, "-ec", "trap 'printf ran > handler' EXIT; echo x; printf ran > after"]
    for command in (script, port):
        wrapped = [sys.executable, "-I", "-S", "-c", LEAVES, " ".join(ignored), "", *command]
        reader, writer = os.pipe()
        os.close(reader)
        ended = subprocess.run(wrapped, cwd=place, env=environment(place), stdout=writer, timeout=60, check=False)
        os.close(writer)
        assert ended.returncode == status
        assert (place / "handler").read_text() == "ran"
        assert not (place / "after").exists()
        (place / "handler").unlink()


JOB_CONTROL = """\
import os, signal, sys, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
while True:
    _, how = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(how):
        break
    print("stopped by", signal.Signals(os.WSTOPSIG(how)).name, flush=True)
    time.sleep(0.1)
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
print("ended with", os.waitstatus_to_exitcode(how), flush=True)
"""
"""What a shell with job control does to a job: stopped, it is continued in the foreground (`fg`)."""

READS = 'touch ready; read line; echo "got $line"'


@pytest.mark.parametrize(
    ("typed", "command", "shown"),
    [
        ([b"hello\n"], READS, [b"got hello", b"after", b"handler", b"ended with 0"]),
        ([b"\x03"], WAITS, [b"handler", b"ended with -2"]),
        ([b"\x1c"], WAITS, [b"failed", b"after", b"handler", b"ended with 0"]),
        ([b"\x1a"], WAITS, [b"stopped by SIGTSTP", b"after", b"handler", b"ended with 0"]),
        ([b"\x1a", b"again\n"], READS, [b"stopped by SIGTSTP", b"got again", b"after", b"ended with 0"]),
        ([b"\x1a", b"\x03"], WAITS, [b"stopped by SIGTSTP", b"handler", b"ended with -2"]),
    ],
    ids=["a line", "ctrl-c", "ctrl-backslash", "ctrl-z and fg", "ctrl-z, fg and a line", "ctrl-z, fg and ctrl-c"],
)
def test_at_a_terminal(place: Path, typed: list[bytes], command: str, shown: list[bytes]) -> None:
    body = (
        "sh.trap_exit(lambda sh: sh.run('sh', '-c', 'echo handler'))\n"
        f"sh.ok('sh', '-c', {command!r}) or sh.echo('failed')\nsh.echo('after')"
    )
    script = f"trap 'echo handler' EXIT; sh -c '{command}' || echo failed; echo after"
    seen = [at_terminal(words, place, typed) for words in ([BASH, "-c", script], as_port(body))]
    for text in seen:
        assert [line for line in shown if line in text] == shown, text
    said = [re.findall(rb"(?m)^(?:\^[C\\Z])*(failed|after|handler)\r$", text) for text in seen]
    assert said[0] == said[1] != []


def at_terminal(command: list[str], place: Path, typed: list[bytes]) -> bytes:
    """Run a command as a foreground job, type once it is ready and after each stop; return what the terminal shows."""
    import pty

    (place / "ready").unlink(missing_ok=True)
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(place)
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", JOB_CONTROL, *command], environment(place))
    wait_until_ready(place)
    shown = b""
    for number, text in enumerate(typed):
        while shown.count(b"stopped by") < number:
            shown += os.read(terminal, 4096)
            time.sleep(0.2)
        os.write(terminal, text)
    shown += read_to_the_end(terminal)
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown


def read_to_the_end(terminal: int) -> bytes:
    """Return all that a terminal shows; its end is an error (EIO)."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:
        pass
    return shown
