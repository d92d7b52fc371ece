"""POSIX extended regular expressions (regex(7)), as `=~` takes them, as Python's."""

from __future__ import annotations

import functools
import re

from ci_port.bash.classes import CLASSES


@functools.lru_cache(maxsize=1024)
def compile_regex(regex: str) -> re.Pattern[str]:
    """Return a POSIX extended regular expression (regex(7)), as `=~` takes it, as a compiled one.

    Alternatives differ in what they capture, never in whether they fit. Raises ValueError for what has no equal here:
    back-references, GNU's word operators, collating elements.
    """
    out: list[str] = []
    i = 0
    while i < len(regex):
        char = regex[i]
        i += 1
        if char == "\\":
            follower = regex[i : i + 1]
            if not follower or follower.isalnum() or follower in "<>`'":
                raise ValueError(f"\\{follower} in the regular expression {regex!r} is not supported")
            out.append(re.escape(follower))
            i += 1
        elif char == "[":
            text, i = _bracket(regex, i)
            out.append(text)
        elif char == "$":
            out.append(r"\Z")
        else:
            out.append(char)
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise ValueError(f"the regular expression {regex!r} is not valid: {error}") from None


def _bracket(regex: str, start: int) -> tuple[str, int]:
    """Translate a bracket expression of a regular expression, where a backslash is an ordinary character."""
    i = start
    negated = regex[i : i + 1] == "^"
    i += negated
    first = i
    parts: list[str] = []
    while i < len(regex):
        if regex[i] == "]" and i > first:
            return f"[{'^' if negated else ''}{''.join(parts)}]", i + 1
        named = re.compile(r"\[:([a-z]+):\]").match(regex, i)
        if named and named[1] in CLASSES:
            parts.append(CLASSES[named[1]])
            i = named.end()
        elif regex[i] == "[" and regex[i + 1 : i + 2] in (".", "=", ":"):
            break
        else:
            parts.append(regex[i] if regex[i] == "-" else re.escape(regex[i]))
            i += 1
    raise ValueError(f"the bracket expression in {regex!r} is not supported")


def fits(regex: str, text: str) -> bool:
    """Return whether some part of `text` fits the regular expression; raises ValueError as `compile_regex` does."""
    return compile_regex(regex).search(text) is not None


def escape(text: str) -> str:
    """Return `text` as a regular expression that fits only itself."""
    return re.sub(r"([][.*^$+?(){}|\\])", r"\\\1", text)
