"""How a script is started: as CI calls it, or by its first line (execve(2), "Interpreter scripts")."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST_LINE = 255


class Refused(Exception):
    """The script cannot be started here; the message says why."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The words that bash is started with, and what has to be said about it."""

    argv: tuple[str, ...]
    remark: str = ""


def launch(first_line: bytes, script: str, shell: Sequence[str], args: Sequence[str]) -> Launch:
    """Return how the script `script` (as it is written on the command line) is started.

    `shell` is how CI calls it; without it the script is executed, and its first line says by what. Raises Refused for
    an interpreter that is no bash.
    """
    words = list(shell) or _interpreter(first_line)
    if not words:
        # The kernel refuses a script without a first line of that kind, and bash then runs it by itself.
        return Launch(("bash", script, *args))
    name = os.path.basename(words[0])
    if name == "bash":
        return Launch(("bash", *words[1:], script, *args))
    if name == "sh":
        return Launch(
            ("bash", "--posix", *words[1:], script, *args),
            f"{script} is a script for {words[0]}; it is recorded under bash in posix mode",
        )
    shown = words[0] if words[0].isprintable() else repr(words[0])
    raise Refused(f"the script is for {shown}, and only scripts for bash and sh can be recorded")


def _interpreter(first_line: bytes) -> list[str]:
    if not first_line.startswith(b"#!"):
        return []
    line = os.fsdecode(first_line[2:_LONGEST_LINE]).split("\n")[0].strip(" \t")
    name, _, rest = line.partition(" ") if " " in line else line.partition("\t")
    words = [name, *([rest.strip(" \t")] if rest.strip(" \t") else [])]
    return _through_env(words) if os.path.basename(name) == "env" else words


def _through_env(words: list[str]) -> list[str]:
    """Return what env(1) starts: its one word names the program, unless `-S` says that there are several."""
    if len(words) < 2:
        raise Refused("the script's first line calls env without a program")
    text = words[1]
    if not text.startswith("-"):
        return [text]
    for option in ("-S", "--split-string=", "-vS"):
        if text.startswith(option):
            try:
                return shlex.split(text.removeprefix(option))
            except ValueError as error:
                raise Refused(f"the script's first line cannot be read: {error}") from None
    raise Refused(f"the script's first line calls env with {text}, which is not understood")
