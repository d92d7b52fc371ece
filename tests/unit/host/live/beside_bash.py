"""Rows: each is a piece of bash and the same in the port's words, both run for real."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
BASH = "/bin/bash"
BEGIN = "set -ex -o pipefail\n"
DRIVER = """\
import os, sys
sys.path.insert(0, {root!r})
from ci_port.host import NULL, PIPE, HereDocument, ProcessSubstitution, Session, Stream, function
from ci_port.host.live import LiveHost
from ci_port.runner.live import run
from ci_port.runner.signals import die

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


def rows(name: str) -> list[Row]:
    """Return the rows of a table beside this file."""
    text = Path(__file__).with_name(f"{name}.rows.txt").read_text()
    return [_row(part) for part in text.split("\n== ")[1:]]


def _row(part: str) -> Row:
    name, _, rest = part.strip("\n").partition("\n")
    bash, port, says, *_ = *rest.split("\n--\n"), ""
    return Row(name, bash, port, says)


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


def environment(place: Path) -> dict[str, str]:
    path = f"{place}/first:{place}/second:{place}:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(place / "home"), "LANG": "C.UTF-8", "EXISTING": "1"}


def as_port(body: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", DRIVER.format(root=str(ROOT), body=textwrap.indent(body, "    "))]


def ran(
    command: list[str], place: Path, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, in the place unless `cwd` says where, with the variables `env` more."""
    return subprocess.run(
        command,
        cwd=cwd or place,
        env={**environment(place), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def check(row: Row, place: Path) -> None:
    """Assert that both sides end alike and say the same."""
    (place / "script").write_text(BEGIN + row.bash + "\n")
    script = ran([BASH, "script"], place)
    (place / "new").unlink(missing_ok=True)
    port = ran(as_port(row.port), place)
    assert (port.returncode, port.stdout.decode("latin-1")) == (script.returncode, script.stdout.decode("latin-1")), (
        port.stderr.decode()
    )
    assert row.says in script.stderr.decode(errors="replace")
    assert row.says in port.stderr.decode(errors="replace")
