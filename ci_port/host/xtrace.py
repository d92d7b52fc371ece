"""How bash writes the words of a command under `set -x` (print_cmd.c, `xtrace_print_word_list`)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_META = re.compile(r"[ \t\n'\"\\|&;()<>!{}*\[?\]^$`]|(?:\A|(?<=[=:]))~|\A#")
_NAMED = {"\x1b": "\\E", "\a": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


def traced(words: Iterable[str], depth: int = 1) -> str:
    """Return the trace line of a command; `depth` counts the command substitutions that it stands in, plus one."""
    return "+" * depth + " " + " ".join(quoted(word) for word in words)


def quoted(word: str) -> str:
    """Return one word as bash traces it: plain where it could be read back plain."""
    if not word:
        return "''"
    if _META.search(word):
        return "\\'" if word == "'" else "'" + word.replace("'", "'\\''") + "'"
    if any(not char.isprintable() for char in word):
        return "$'" + "".join(_escaped(char) for char in word) + "'"
    return word


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    return _NAMED.get(char) or "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogateescape"))
