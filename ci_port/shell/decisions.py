"""Whether the exit status of a command that ran decides what its script does next.

A status decides where it selects between two continuations that stand in the script: a condition, the left side of
`&&` and `||`, a `$?` that is read. From the command the status goes outwards, as bash hands it on: through the rest of
its pipeline and list, out of groups, functions, subshells and substitutions, until something asks for it or drops it.
Being stopped by `set -e` is no decision, neither is the exit status of the script itself.

Where the text does not tell, the answer is yes.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ci_port.shell.course import Course
from ci_port.shell.frames import Frame
from ci_port.shell.positions import File, Member
from ci_port.shell.shell_files import ShellFiles
from ci_port.shell.source import SyntaxFault
from ci_port.shell.sources import resolve


class Decisions:
    """Answers for one set of scripts; each text is read once."""

    def __init__(self, text_of: Callable[[str], str | None], files: Collection[str] = ()) -> None:
        """`text_of` gives the text of a file by its name in a frame, None if it is not known.

        `files` are further files that run in the same shell: their functions and traps count, too. Those that a
        script sources by a name which its text tells are found without it.
        """
        self._text_of = text_of
        self._files = tuple(files)
        self._shells: dict[frozenset[str], ShellFiles | None] = {}
        self._answers: dict[tuple[tuple[str, ...], tuple[Frame, ...], bool, bool], bool] = {}

    def decides(self, argv: Sequence[str], frames: Sequence[Frame], *, errexit: bool, pipefail: bool) -> bool:
        """Return whether the status of a command that ran there selects what its script does next.

        `frames` begin where the command stands and end with the script; `errexit` and `pipefail` are the options of
        the shell that ran the command. What cannot be read or found decides.
        """
        key = (tuple(argv), tuple(frames), errexit, pipefail)
        if key not in self._answers:
            self._answers[key] = self._decides(*key)
        return self._answers[key]

    def _decides(self, argv: tuple[str, ...], frames: tuple[Frame, ...], errexit: bool, pipefail: bool) -> bool:
        shell = self._shell(frozenset(frame.file for frame in frames)) if frames else None
        return shell is None or Course(shell, frames).decides(argv, errexit, pipefail)

    def _shell(self, names: frozenset[str]) -> ShellFiles | None:
        if names not in self._shells:
            self._shells[names] = self._read(names)
        return self._shells[names]

    def _read(self, names: frozenset[str]) -> ShellFiles | None:
        """Return the files of these names with all that they source; None if one of them cannot be read."""
        files: dict[str, File] = {}
        sourced: dict[int, File] = {}
        for name in sorted(names):
            text = self._text_of(name)
            file = None if text is None else _read(text)
            if file is None:
                return None
            files[name] = file
        pending = list(files.items())
        for name in self._files:
            pending += self._found(name, files)
        while pending:
            name, file = pending.pop()
            for member in file.named("source", "."):
                path = _sourced_by(member, name)
                pending += self._found(path, files)
                if path in files:
                    sourced[id(member)] = files[path]
        return ShellFiles(files, sourced)

    def _found(self, name: str, files: dict[str, File]) -> list[tuple[str, File]]:
        """Take a file into `files` and return it, if it can be read and is new."""
        text = self._text_of(name) if name and name not in files else None
        file = None if text is None else _read(text)
        if file is None:
            return []
        files[name] = file
        return [(name, file)]


@functools.lru_cache(maxsize=64)
def _read(text: str) -> File | None:
    try:
        return File(text)
    except (SyntaxFault, RecursionError):
        return None


def _sourced_by(member: Member, name: str) -> str:
    raw = member.raw()
    line = member.file.source.line(member.node.start)
    before = member.file.source.lines[line - 2] if line > 1 else ""
    path = resolve(raw[1], Path(name), before) if len(raw) > 1 else None
    return "" if path is None else os.path.normpath(path)
