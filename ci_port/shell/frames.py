"""Which command of the text it is that bash says to be at: by file, line, function, and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ci_port.shell.positions import File, Member

# Builtins and tools that start what stands in their words: the command that ran need not be the first word.
_STARTERS = frozenset(("command", "exec", "env", "xargs", "find", "nice", "nohup", "timeout", "time", "setsid"))
# What stands in their words is text of its own.
TEXTUAL = frozenset(("eval", "trap"))


@dataclass(frozen=True, slots=True)
class Frame:
    """One level of the call stack: the line where the command stands, or that of the call.

    `function` is as in bash's FUNCNAME: "main" (or nothing) in the script itself, "source" in a sourced file.
    """

    file: str
    line: int
    function: str


def standing(file: File, frame: Frame, outermost: bool, fits: Callable[[Member], bool]) -> Iterator[Member]:
    """Yield the simple commands of a file that may stand where a frame says and that fit."""
    functions = _functions(frame, outermost)
    return (member for member in file.at(frame.line) if member.body.function in functions and fits(member))


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
    if known[0] in _STARTERS and (argv[0] in known or None in known):
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
