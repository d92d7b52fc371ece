"""Asks real bash: one process for a whole table of questions."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

BASH = shutil.which("bash") or "/bin/bash"


def ask(program: str, *tables: Sequence[str]) -> list[str]:
    """Return the NUL-ended answers that bash prints for `program`, which finds each table in an array `T1`, `T2` ...

    The locale is the one that the world's scripts run in.
    """
    reading = ""
    data = b""
    for number, table in enumerate(tables, 1):
        # The count goes first: an array of no elements and one of a single empty element must not look the same.
        reading += f"IFS= read -r -d '' count; T{number}=(); "
        reading += f'for ((i = 0; i < count; i++)); do IFS= read -r -d "" "T{number}[i]"; done\n'
        data += str(len(table)).encode() + b"\0" + b"".join(encoded(text) + b"\0" for text in table)
    done = subprocess.run(
        [BASH, "--norc", "-c", reading + program],
        input=data,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/nonexistent"},
    )
    answers = done.stdout.split(b"\0")
    assert answers[-1] == b"", (done.stdout[-200:], done.stderr[-200:])
    return [answer.decode(errors="surrogateescape") for answer in answers[:-1]]


def encoded(text: str) -> bytes:
    """Return the bytes that a process sees."""
    return text.encode(errors="surrogateescape")
