"""A place in a script's text, and what stands between words: blanks, comments, continued lines, newlines."""

from __future__ import annotations

import re

from ci_port.bash.names import RESERVED
from ci_port.shell import tree
from ci_port.shell.source import SyntaxFault

_GAP = re.compile(r"[ \t]+")
_RESERVED = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(RESERVED)))})(?=[ \t\n;&|()<>]|\\\n|\Z)")


class Cursor:
    """Reads a text, or the part of it from `start` to `end`, and collects the parts of the statement it is in."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        self.text = text
        self.pos = start
        self.end = len(text) if end is None else end
        self.parts: list[tree.Node] = []
        self.words: list[tuple[int, int]] = []
        self.pending: list[tree.HereDocument] = []
        # `bash -n` never runs `shopt -s extglob`; a script that switches it on is read as with it.
        self.extglob = "extglob" in text
        self.last = start

    def here_documents(self) -> None:
        """Read the here-documents that are due at the start of a line."""
        raise NotImplementedError

    # What stands between words.

    def gap(self) -> None:
        """Consume blanks, continued lines and a comment."""
        while self.pos < self.end:
            char = self.text[self.pos]
            if char in " \t":
                match = _GAP.match(self.text, self.pos, self.end)
                assert match is not None
                self.pos = match.end()
            elif char == "\\" and self.text.startswith("\\\n", self.pos):
                self.skip(2, "continuation")
            elif char == "#":
                close = self.text.find("\n", self.pos, self.end)
                self.skip((self.end if close < 0 else close) - self.pos, "comment")
            else:
                return

    def newlines(self) -> None:
        """Consume newlines, and with the first the here-documents that are due, and gaps."""
        self.gap()
        while self.pos < self.end and self.text[self.pos] == "\n":
            self.pos += 1
            if self.pending:
                self.here_documents()
            self.gap()

    def skip(self, length: int, reason: str) -> None:
        self.parts.append(tree.Skipped(self.pos, self.pos + length, reason))
        self.pos += length

    def peek(self) -> str:
        return self.text[self.pos] if self.pos < self.end else ""

    def at(self, sign: str) -> bool:
        return self.text.startswith(sign, self.pos, self.end)

    def reserved(self) -> str:
        match = _RESERVED.match(self.text, self.pos, self.end)
        return match[0] if match else ""

    # Errors.

    def expect(self, word: str, opened: int | None = None, by: str = "") -> None:
        if self.reserved() != word:
            if self.pos >= self.end and opened is not None:
                raise SyntaxFault(opened, f"{by} without its {word}")
            raise self.unexpected(f"{word} is expected")
        self.pos += len(word)
        self.last = self.pos

    def close(self, sign: str, opened: int, opening: str) -> None:
        if self.peek() != sign:
            raise self.unexpected(f"{sign} is expected") if self.pos < self.end else self.unclosed(opened, opening)
        self.pos += 1
        self.last = self.pos

    def unclosed(self, start: int, opening: str) -> SyntaxFault:
        return SyntaxFault(start, f"{opening} is never closed")

    def unexpected(self, remark: str = "") -> SyntaxFault:
        if self.pos >= self.end:
            found = "unexpected end of the script"
        elif self.text[self.pos] == "\n":
            found = "unexpected end of the line"
        else:
            match = re.compile(r"&&|\|\||;;&|;;|;&|[|&;()<>]|[^\s|&;()<>]+").match(self.text, self.pos, self.end)
            found = "unexpected text" if match is None else f"unexpected {match[0]!r}"
        return SyntaxFault(self.pos, found + (f": {remark}" if remark else ""))
