"""Names and reserved words (bash manual, "Definitions", "Reserved Words")."""

from __future__ import annotations

import re

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What a variable or a function can be called, as a regular expression."""

_NAME = re.compile(NAME)

COMPOUND = frozenset(
    ("if", "then", "elif", "else", "fi", "while", "until", "for", "select", "case", "esac", "do", "done")
)
"""The words of compound commands; no function can have one of them as its name."""

RESERVED = COMPOUND | {"function", "coproc", "time", "in", "[[", "]]", "{", "}", "!"}
"""The words that mean something to the grammar where a command begins."""


def is_name(text: str) -> bool:
    """Return whether the text can be the name of a variable."""
    return _NAME.fullmatch(text) is not None
