"""Where in the scripts something happened, with the names that the user knows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from typing import Any

from ci_port.dryrun import layout
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.own_files import OwnFiles
from ci_port.dryrun.records import Record

_CALLERS = layout.TEXTS[Kind.EXECUTE].index("callers")


class Places:
    """Names the places of one script and its neighbours."""

    def __init__(self, directory: str, own: OwnFiles, workspace: str) -> None:
        """Take the script's directory as the user wrote it, its own files, and the directory that a run begins in."""
        self._directory = directory
        self._own = own
        self._workspace = workspace
        self._names: dict[str, str] = {}

    def shown(self, file: str) -> str:
        """Return the name of a script's file as the user knows it, whatever way the script wrote it."""
        if file not in self._names:
            whole = os.path.normpath(os.path.join(self._workspace, file)) if file else ""
            self._names[file] = self._own.named(whole, self._directory) or file
        return self._names[file]

    def of(self, record: Record) -> list[Any]:
        """Return the place of an event: file, line, functions."""
        return [self.shown(record.file), record.line, list(record.functions)]

    def frames(self, record: Record) -> list[tuple[str, int, str]]:
        """Return where a command stands, and from where the functions that it stands in were called: file, line and
        function, innermost first."""
        callers = [line.split(" ", 1) for line in record.texts[_CALLERS].split("\n") if line]
        lines = [(record.file, record.line), *((file, int(line)) for line, file in callers)]
        stack = (*record.stack, *("main",) * len(lines))
        return [(self.shown(file), line, name) for (file, line), name in zip(lines, stack, strict=False)]

    def of_error(self, record: Record) -> dict[str, Any]:
        """Return where the library ended the run, and the command that it blames."""
        return {"place": self.of(record), "command": record.texts[1]}

    def of_last(self, at: tuple[str, int] | None, real: Callable[[str], str]) -> dict[str, Any]:
        """Return where the run was when it ended: no command of it is to blame more than the last one.

        `real` tells where to read a file that the script knows by this path.
        """
        if at is None:
            return {}
        file, line = at
        where: dict[str, Any] = {"place": [self.shown(file), line, []]}
        whole = os.path.normpath(os.path.join(self._workspace, file))
        with contextlib.suppress(OSError, IndexError), open(real(whole), encoding="utf-8", errors="replace") as source:
            where["command"] = source.read().split("\n")[line - 1].strip()
        return where

    def lines(self, found: Iterable[tuple[str, frozenset[int]]]) -> dict[str, list[int]]:
        """Return the numbers of the lines that ran, for each file; a file has one name here, and several there."""
        merged: dict[str, set[int]] = {}
        for file, numbers in found:
            merged.setdefault(self.shown(file), set()).update(numbers)
        return {file: sorted(numbers) for file, numbers in merged.items()}
