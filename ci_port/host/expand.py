"""Word splitting and pathname expansion, as bash does them after an unquoted expansion.

The rules are those of the bash manual ("Word Splitting", "Filename Expansion") with its defaults: IFS of blank, tab
and newline, no `nullglob`, no `extglob`, names sorted by code point (the script runs under `LANG=C.UTF-8`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ci_port.model import RunFailed, pattern

if TYPE_CHECKING:
    from ci_port.host.seam import Host

_BLANKS = re.compile(r"[ \t\n]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PATTERN = re.compile(r"[*?]|\[.*\]", re.DOTALL)


def split(value: str, cwd: str, host: Host) -> list[str]:
    """Return the words that an unquoted `$value` becomes: cut at blanks, then each word globbed in `cwd`."""
    words: list[str] = []
    for word in _BLANKS.split(value):
        if not word:
            continue
        if _is_pattern(word):
            words.extend(glob(word, cwd, host) or (word,))
        else:
            words.append(word)
    return words


def glob(word: str, cwd: str, host: Host) -> list[str]:
    """Return the paths that match the pattern, sorted; an empty list if none does.

    A backslash takes a character literally; a leading dot must be written out. Raises RunFailed for a pattern whose
    meaning is not known here.
    """
    if "\\/" in word or word.endswith("\\"):
        raise RunFailed(f"the pattern {word!r} has an escaped slash or end, and bash is not of one mind about those")
    return sorted(_matches(word, cwd, host))


def _matches(word: str, cwd: str, host: Host) -> list[str]:
    head, slash, tail = word.rpartition("/")
    if _is_pattern(head):
        above = [f"{path}/" for path in _matches(head.rstrip("/"), cwd, host) if host.is_dir(absolute(path, cwd))]
    else:
        above = [_plain(head) + slash]
    if _is_pattern(tail):
        return [path + name for path in above for name in _names(tail, absolute(path or ".", cwd), host)]
    return [path + _plain(tail) for path in above if _exists(absolute(path + _plain(tail), cwd), host)]


def _names(part: str, directory: str, host: Host) -> list[str]:
    """Return the names in a directory that match one part of a path."""
    names = host.names(directory)
    if not names:
        return []
    try:
        matches = pattern.compile_pattern(part).fullmatch
    except ValueError as error:
        raise RunFailed(str(error)) from None
    hidden = part.startswith((".", "\\."))
    return [name for name in names if (hidden or not name.startswith(".")) and matches(name)]


def _is_pattern(word: str) -> bool:
    """Return whether bash looks for files: there is an unescaped `*`, `?`, or `[` with a `]` after it."""
    return _PATTERN.search(_ESCAPED.sub("", word) if "\\" in word else word) is not None


def _plain(text: str) -> str:
    """Return the text without its escapes."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _exists(path: str, host: Host) -> bool:
    return host.is_dir(path) or host.is_file(path)


def absolute(path: str, cwd: str) -> str:
    """Return the path as an absolute one without `.`, `..` and doubled slashes (textually, as `cd` does)."""
    if not path.startswith("/"):
        path = f"{cwd}/{path}"
    if "/." not in path and "//" not in path and path[-1] != "/":
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
