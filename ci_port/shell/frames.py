"""Which command of the text it is that bash says to be at: by file, line, function, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ci_port.shell.positions import STARTERS, TEXTUAL, File, Member


@dataclass(frozen=True, slots=True)
class Frame:
    """One level of the call stack: the line where the command stands, or that of the call.

    `function` is as in bash's FUNCNAME: "main" (or nothing) in the script itself, "source" in a sourced file.
    """

    file: str
    line: int
    function: str


def running(file: File, frame: Frame, outermost: bool, argv: tuple[str, ...]) -> list[Member]:
    """Return the simple commands of a file that may stand where a frame says and may have run with these words."""
    found = file.at(frame.line, argv[0] if argv else None)
    return [member for member in _in_function(found, frame, outermost) if may_be(member, argv)]


def calling(file: File, frame: Frame, outermost: bool, names: tuple[str, ...]) -> list[Member]:
    """Return the simple commands of a file that may stand where a frame says and call one of these names."""
    return [member for member in _in_function(file.at(frame.line), frame, outermost) if calls(member, names)]


def _in_function(found: Iterable[Member], frame: Frame, outermost: bool) -> Iterator[Member]:
    functions = _functions(frame, outermost)
    return (member for member in found if member.body.function in functions)


def _functions(frame: Frame, outermost: bool) -> tuple[str | None, ...]:
    """Return the functions of the text that a frame may stand in; None is no function."""
    if frame.function in ("", "source"):
        return (None,)
    if frame.function == "main":
        # A function of the script may have that name, too.
        return (None, "main") if outermost else ("main",)
    return (frame.function,)


def may_be(member: Member, argv: tuple[str, ...]) -> bool:
    """Return whether a command as written may be one that ran with these words."""
    known = member.words
    if not known or not argv:
        return bool(known)
    if member.name in TEXTUAL:
        return member.name == "eval" or any(_mentions(raw, argv[0]) for raw in member.raw()[1:])
    if known[0] in STARTERS and (argv[0] in known or None in known):
        return True
    if None not in known:
        return known == argv
    first = known.index(None)
    last = len(known) - known[::-1].index(None)
    head, tail = known[:first], known[last:]
    fits = argv[:first] == head and argv[len(argv) - len(tail) :] == tail
    return fits and len(head) + len(tail) <= len(argv)


def _mentions(raw: str, name: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])", raw) is not None


def calls(member: Member, names: tuple[str, ...]) -> bool:
    """Return whether a command as written may call one of these names."""
    return bool(member.words) and (member.name is None or member.name == "eval" or member.name in names)
