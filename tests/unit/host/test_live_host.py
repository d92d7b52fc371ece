"""`LiveHost`, beside real bash: each row is a piece of bash and the same in the port's words, both run for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

# A test worker has threads, and Python 3.12 warns when such a process forks; the child here only executes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

ROOT = Path(__file__).resolve().parents[3]
BASH = "/bin/bash"
BEGIN = "set -ex -o pipefail\n"
DRIVER = """\
import os, sys
sys.path.insert(0, {root!r})
from ci_port.host import NULL, PIPE, ProcessSubstitution, Session, Stream, function
from ci_port.host.live_host import LiveHost
from ci_port.runner.live import run
from ci_port.runner.main import die

def program(sh):
{body}

ended = run(program, dict(os.environ), LiveHost("script", prelude="prelude.sh"), "script")
if ended.signal:
    die(ended.signal)
sys.exit(ended.status)
"""


@dataclass(frozen=True)
class Row:
    """The same thing twice, and part of what both say on standard error."""

    name: str
    bash: str
    port: str
    says: str = ""


def _rows() -> Iterator[Row]:
    text = Path(__file__).with_name("live_rows.txt").read_text()
    for part in text.split("\n== ")[1:]:
        name, _, rest = part.strip("\n").partition("\n")
        bash, port, says, *_ = *rest.split("\n--\n"), ""
        yield Row(name, bash, port, says)


ROWS = tuple(_rows())

FILES = {
    "show-env": "#!/bin/sh\nenv | grep -v -e '^_=' -e '^SHLVL=' | sort\n",
    "plain": "some text\n",
    ".hidden": "",
    "lost": "#!/no/such/interpreter\n",
    "bare": 'echo "bare: $1, $2"\n',
    "first/tool": "not a program\n",
    "second/tool": "#!/bin/sh\necho second\n",
    "sets.sh": "export SEEN=\"$1/$2\"\nPLAIN='with '\\''quotes'\\'' and\na second line'\nexport EMPTY=\nLANG=C\n",
    "sees.sh": 'echo "$MINE ${A[1]-} ${T-}"\nsh -c \'echo "${MINE-hidden} ${T-}"\'\n',
    "moves.sh": "cd folder\n",
    "unsets.sh": "unset GONE\n",
    "fails.sh": "echo begun\nsh -c 'exit 6'\necho no\n",
    "returns.sh": "return 7\n",
    "exits.sh": "exit 0\n",
    "defines.sh": (
        'greet() { echo "hello $1 $E"; export GREETED=$1; WORDS=2; }\n'
        "leave() { unset GREETED; unset -f leave; }\n"
        "fill() { LIST=(a 'b c'); declare -gA MAP=([k]='v w'); }\n"
        'show() { echo "${#LIST[@]} ${LIST[1]} ${MAP[k]}"; }\n'
        "breaks() { echo in; sh -c 'exit 8'; echo after; sh -c 'exit 9'; }\n"
    ),
    "prelude.sh": "helper() { echo helped; }\n",
    "helped.sh": "helper\n",
}
EXECUTABLE = ("show-env", "lost", "bare", "second/tool")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with all the files that rows speak of."""
    for name in ("folder", "first", "second", "home"):
        (tmp_path / name).mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in EXECUTABLE:
        (tmp_path / name).chmod(0o755)
    (tmp_path / "link").symlink_to("folder")
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    path = f"{place}/first:{place}/second:{place}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(place / "home"), "LANG": "C.UTF-8", "EXISTING": "1"}


def as_port(body: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", DRIVER.format(root=str(ROOT), body=textwrap.indent(body, "    "))]


def ran(command: list[str], place: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        cwd=place,
        env=environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_as_bash_does(place: Path, row: Row) -> None:
    (place / "script").write_text(BEGIN + row.bash + "\n")
    script = ran([BASH, "script"], place)
    (place / "new").unlink(missing_ok=True)
    port = ran(as_port(row.port), place)
    assert (port.returncode, port.stdout.decode("latin-1")) == (script.returncode, script.stdout.decode("latin-1")), (
        port.stderr.decode()
    )
    assert row.says in script.stderr.decode(errors="replace")
    assert row.says in port.stderr.decode(errors="replace")


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


def test_each_command_has_a_group_of_its_own(place: Path) -> None:
    port = ran(
        as_port("import os; sh.run('sh', '-c', 'ps -o pgid= -p $$; echo $$'); sh.echo(str(os.getpgrp()))"), place
    )
    groups = port.stdout.decode().split()
    if len(groups) != 3:
        pytest.skip("there is no ps here")
    assert groups[0] == groups[1] != groups[2]


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(place: Path) -> None:
    body = "import os, signal; os.kill(os.getpid(), signal.SIGHUP); sh.run('sh', '-c', 'kill -HUP $$; echo alive')"
    command = as_port(body)
    port = ran(["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command], place)
    assert (port.returncode, port.stdout) == (0, b"alive\n")


def test_ignored_ends_of_children_are_no_matter(place: Path) -> None:
    command = as_port("sh.ok('sh', '-c', 'exit 3'); sh.run('sh', '-c', 'exit 4')")
    code = f"import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv({command[0]!r}, {command!r})"
    assert ran([sys.executable, "-c", code], place).returncode == 4


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


def test_a_file_that_changes_how_the_shell_works_is_refused(place: Path) -> None:
    (place / "odd.sh").write_text("IFS=,\n")
    port = ran(as_port("sh.source('./odd.sh')"), place)
    assert port.returncode == 70
    assert "changed how the shell works" in port.stderr.decode()
