"""A script's text with its line numbers, and the error that names a place in it."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from pathlib import Path

from ci_port.model.reading import content_of


class ScriptError(Exception):
    """The script is not valid bash, or cannot be read. `str()` is one line: file, line, column, problem."""

    def __init__(self, file: str, line: int, column: int, problem: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem
        super().__init__(f"{file}:{line}:{column}: {problem}")


class SyntaxFault(Exception):
    """What a reader stumbled over, before it is known in which file: an offset and the problem."""

    def __init__(self, offset: int, problem: str) -> None:
        self.offset = offset
        self.problem = problem
        super().__init__(problem)


class Source:
    """The text of one script. Offsets count characters from 0, lines and columns from 1."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their newlines."""
        return self.text.split("\n")

    def line(self, offset: int) -> int:
        """Return the line that holds the character at `offset`."""
        return bisect.bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """Return the column of the character at `offset`."""
        return offset - self._starts[self.line(offset) - 1] + 1

    def error(self, fault: SyntaxFault) -> ScriptError:
        """Return the fault as an error that names file, line and column."""
        offset = min(fault.offset, len(self.text))
        return ScriptError(self.file, self.line(offset), self.column(offset), fault.problem)


def load(path: Path) -> Source:
    """Return the script of a file; raises ScriptError when it cannot be read.

    Bytes that are not UTF-8 stand as surrogate escapes: bash reads bytes, and a comment may hold any.
    """
    try:
        text = content_of(path).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ScriptError(str(path), 1, 1, f"cannot be read: {error.strerror or error}") from None
    if "\0" in text[:4096]:
        raise ScriptError(str(path), 1, 1, "this is a binary file, not a script")
    return Source(str(path), text)
