"""Where values stand in a JSON text. The json module keeps no positions; this walks a valid text once more.

It does so only when there is an error to report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

Path = tuple["str | int", ...]

_WHITESPACE = " \t\r\n"
_SCAN = json.JSONDecoder().raw_decode


def line_of(text: str, path: Path) -> int:
    """Return how many lines into `text` (valid JSON) the value at `path`, or its nearest parent, starts."""
    position = _skip(text, 0)
    for part in path:
        found = next((at for key, at in _members(text, position) if key == part), None)
        if found is None:
            break
        position = found
    return text.count("\n", 0, position)


def doubled(text: str) -> tuple[Path, int, int] | None:
    """Return the first name that stands twice in one object, and how many lines into `text` (valid JSON) both stand."""
    found = _doubled(text, _skip(text, 0), ())
    return found and (found[0], text.count("\n", 0, found[1]), text.count("\n", 0, found[2]))


def _doubled(text: str, start: int, path: Path) -> tuple[Path, int, int] | None:
    seen: dict[str | int, int] = {}
    for key, position in _members(text, start):
        if key in seen:
            return (*path, key), seen[key], position
        seen[key] = position
        if inside := _doubled(text, position, (*path, key)):
            return inside
    return None


def _members(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    """Yield each name or number of the object or list at `start`, and where its value starts."""
    if text[start] not in "{[":
        return
    position = _skip(text, start + 1)
    index = 0
    while text[position] not in "}]":
        key: str | int = index
        if text[start] == "{":
            key, position = _SCAN(text, position)
            position = _skip(text, _skip(text, position) + 1)
        yield key, position
        position = _skip(text, _SCAN(text, position)[1])
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITESPACE:
        position += 1
    return position
