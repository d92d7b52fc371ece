"""Paths that a rule makes of a command's own words: `{N}` is word N (0 is the name), the other forms are parts of it.

Braces around anything else are literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_FIELD = re.compile(r"\{(0|[1-9][0-9]{0,3})(?:\.(name|stem|dir|repository))?\}")
_REPOSITORY = re.compile(r"(?:/+\.git)?/*$")


def filled(template: str, argv: Sequence[str]) -> str | None:
    """Return the path that a template means for a command; None if it names a word that the command does not have."""
    if any(number >= len(argv) for number in words(template)):
        return None
    return _FIELD.sub(lambda field: _PARTS[field[2]](argv[int(field[1])]), template)


def words(template: str) -> tuple[int, ...]:
    """Return the numbers of the words that a template speaks of."""
    return tuple(int(field[1]) for field in _FIELD.finditer(template))


def name(word: str) -> str:
    """Return what stands behind the last slash of a word; slashes at its end don't count (basename(1))."""
    return word.rstrip("/").rpartition("/")[2] or ("/" if word.startswith("/") else "")


def stem(word: str) -> str:
    """Return the base name without its last suffix; a dot at its beginning starts none."""
    base = name(word)
    before, dot, _ = base.rpartition(".")
    return before if dot and before.strip(".") else base


def directory(word: str) -> str:
    """Return what stands before the base name of a word, `.` if nothing does (dirname(1))."""
    plain = word.rstrip("/")
    before, slash, _ = plain.rpartition("/")
    return before.rstrip("/") or ("/" if slash or (word and not plain) else ".")


def repository(word: str) -> str:
    """Return the directory into which git clones what a word names (git-clone(1), `<directory>`)."""
    last = re.split("[/:]", _REPOSITORY.sub("", word.rstrip("/"), count=1))[-1]
    return last.removesuffix(".git").removesuffix(".bundle")


_PARTS: dict[str | None, Callable[[str], str]] = {
    None: str,
    "name": name,
    "stem": stem,
    "dir": directory,
    "repository": repository,
}
