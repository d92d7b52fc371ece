"""Pathname expansion, as bash does it after an unquoted expansion (bash manual, "Filename Expansion").

With the defaults: no `nullglob`, no `extglob`, names sorted by code point (the script runs under `LANG=C.UTF-8`). Which
files there are is asked of whoever knows a machine, real or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ci_port.bash import pattern, splitting
from ci_port.bash.paths import absolute
from ci_port.bash.pattern import PatternFault


class Files(Protocol):
    """What is asked of a machine; paths are absolute."""

    def is_file(self, path: str) -> bool:
        """Return whether the path is a file."""

    def is_dir(self, path: str) -> bool:
        """Return whether the path is a directory."""

    def names(self, directory: str) -> Iterable[str]:
        """Return the names in a directory in any order, without `.` and `..`; nothing if it is none."""


def expand(value: str, cwd: str, files: Files) -> list[str]:
    """Return the words that an unquoted `$value` becomes: cut at blanks, then each word globbed in `cwd`.

    Raises PatternFault as `glob` does.
    """
    words: list[str] = []
    for word in splitting.fields(value):
        if pattern.is_pattern(word):
            words.extend(glob(word, cwd, files) or (word,))
        else:
            words.append(word)
    return words


def glob(word: str, cwd: str, files: Files) -> list[str]:
    """Return the paths that match the pattern, sorted; an empty list if none does.

    A backslash takes a character literally; a leading dot must be written out. Raises PatternFault for a pattern whose
    meaning is not known here.
    """
    if "\\/" in word or word.endswith("\\"):
        raise PatternFault(f"the pattern {word!r} has an escaped slash or end, and bash is not of one mind about those")
    return sorted(_matches(word, cwd, files))


def _matches(word: str, cwd: str, files: Files) -> list[str]:
    head, slash, tail = word.rpartition("/")
    if pattern.is_pattern(head):
        above = [f"{path}/" for path in _matches(head.rstrip("/"), cwd, files) if files.is_dir(absolute(path, cwd))]
    else:
        above = [pattern.unescape(head) + slash]
    if pattern.is_pattern(tail):
        return [path + name for path in above for name in _names(tail, absolute(path or ".", cwd), files)]
    name = pattern.unescape(tail)
    return [path + name for path in above if _exists(absolute(path + name, cwd), files)]


def _names(part: str, directory: str, files: Files) -> list[str]:
    """Return the names in a directory that match one part of a path."""
    names = files.names(directory)
    if not names:
        return []
    matches = pattern.compile_pattern(part).fullmatch
    hidden = part.startswith((".", "\\."))
    return [name for name in names if (hidden or not name.startswith(".")) and matches(name)]


def _exists(path: str, files: Files) -> bool:
    return files.is_dir(path) or files.is_file(path)
