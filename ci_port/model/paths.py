"""Paths and names as worlds, rules and cases write them, and what is said about those that cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_port.model.environment import Environment
from ci_port.model.fields import Fields

_GLOB = re.compile(r"[*?\[\\]")
_NOT_NAMES = ("", ".", "..")


def absolute(fields: Fields, name: str, path: str, *inside: str | int) -> str:
    """Return the path if it is absolute and has no empty, `.` or `..` part; raises DataError for what stands there."""
    parts = path.split("/")[1:]
    if not path.startswith("/") or "\0" in path or (path != "/" and any(part in _NOT_NAMES for part in parts)):
        problem = f"an absolute path without empty, '.' or '..' parts is expected, found {path!r}"
        raise fields.error(name, problem, *inside)
    return path


def absolutes(fields: Fields, name: str) -> list[str]:
    """Return the list of absolute paths of a field, without one if it is absent; raises DataError."""
    return [absolute(fields, name, path, number) for number, path in enumerate(fields.texts(name, []))]


def below(fields: Fields, name: str, path: str) -> str:
    """Return the path if it leads below where it is looked for, without `.` and `..`; raises DataError."""
    if path.startswith("/") or "\0" in path or any(part in _NOT_NAMES for part in path.split("/")):
        raise fields.error(name, f"a path below the workspace is expected, found {path!r}")
    return path


def plain_names(fields: Fields, name: str) -> list[str]:
    """Return the list of command names of a field, without one if it is absent; raises DataError."""
    names = fields.texts(name, [])
    for number, one in enumerate(names):
        if not one or "/" in one or "\0" in one:
            raise fields.error(name, f"a command's name without slash is expected, found {one!r}", number)
    return names


def check_variable(fields: Fields, name: str, variable: str, value: str) -> None:
    """Raise DataError if no environment can hold this variable of the field `name`."""
    try:
        Environment({variable: value})
    except ValueError as error:
        raise fields.error(name, str(error), variable) from None


def is_glob(path: str) -> bool:
    """Return whether a path has a character that means something in a pattern."""
    return _GLOB.search(path) is not None


def above(path: str) -> Iterable[str]:
    """Return the directories above an absolute path, the nearest first, without the root."""
    while "/" in (path := path.rpartition("/")[0]):
        yield path
