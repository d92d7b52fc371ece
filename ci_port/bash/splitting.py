"""Word splitting of an unquoted expansion (bash manual, "Word Splitting"), with the default IFS."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t\n]+")


def fields(value: str) -> list[str]:
    """Return the words that a value is cut into at blanks, tabs and newlines."""
    return [word for word in _BLANKS.split(value) if word]
