"""Bash patterns (`*`, `?`, `[...]`, backslash) as compiled regular expressions.

The rules are those of the bash manual, "Pattern Matching", without extended globs: a CI script's tests use none,
and a pattern that has one is refused by name instead of being matched as ordinary text.
"""

from __future__ import annotations

import functools
import re

from ci_port.bash.classes import CLASSES

_EXTENDED = re.compile(r"[?*+@!]\(")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_GLOB = re.compile(r"[*?]|\[.*\]", re.DOTALL)
_SPECIAL = re.compile(r"[*?\[\\]")


class PatternFault(ValueError):
    """What the pattern means to bash is not known here."""


@functools.lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that matches a whole string exactly when bash's `[[ s == pattern ]]` does.

    Raises PatternFault for extended globs such as `@(a|b)`, and for what only a locale or an error could explain.
    """
    if _EXTENDED.search(pattern):
        raise PatternFault(f"extended glob in pattern {pattern!r} is not supported")
    out: list[str] = []
    i = 0
    while i < len(pattern):
        char = pattern[i]
        i += 1
        if char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "\\" and i < len(pattern):
            out.append(re.escape(pattern[i]))
            i += 1
        elif char == "[":
            text, i = _bracket(pattern, i)
            out.append(text)
        else:
            out.append(re.escape(char))
    return re.compile("".join(out), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Return whether the bash pattern matches the whole of `text`."""
    return compile_pattern(pattern).fullmatch(text) is not None


def is_pattern(word: str) -> bool:
    """Return whether bash looks for files: there is an unescaped `*`, `?`, or `[` with a `]` after it."""
    return _GLOB.search(_ESCAPED.sub("", word) if "\\" in word else word) is not None


def escape(text: str) -> str:
    """Return `text` as a pattern that matches only itself."""
    return re.sub(r"([\\*?\[])", r"\\\1", text)


def unescape(text: str) -> str:
    """Return the text without its escapes."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def only_match(pattern: str) -> str | None:
    """Return the one text that a pattern without special characters matches; None if it has some, or an open escape."""
    plain = _ESCAPED.sub("", pattern)
    return None if _SPECIAL.search(plain) or _EXTENDED.search(plain) else unescape(pattern)


def _any_of(body: str, negated: bool) -> str:
    """Return a set of characters; one that has none (a range that runs backwards) is no set to a regular expression."""
    if not body:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{body}]"


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """Translate the bracket expression whose `[` stands just before `start`; without an end, `[` is ordinary."""
    negated = pattern[start : start + 1] in ("!", "^")
    first = i = start + negated
    parts: list[str] = []
    while i < len(pattern):
        if pattern[i] == "]" and i > first:
            return _any_of("".join(parts), negated), i + 1
        part, i = _class(pattern, i) if pattern[i] == "[" else _range(pattern, i)
        parts.append(part)
    return re.escape("["), start


def _class(pattern: str, start: int) -> tuple[str, int]:
    """Translate `[:name:]` within a bracket expression, or a `[` that is an ordinary member of it."""
    if pattern.startswith(("[=", "[."), start):
        raise PatternFault(f"collating element in pattern {pattern!r} is not supported")
    if not pattern.startswith("[:", start):
        return _range(pattern, start)
    end = pattern.find(":]", start + 2)
    if end < 0:
        # Bash skips the `[` of a class that has no end, and reads on behind it.
        return "", start + 1
    name = pattern[start + 2 : end]
    if name not in CLASSES:
        raise PatternFault(f"unknown character class [:{name}:] in pattern {pattern!r}")
    return CLASSES[name], end + 2


def _range(pattern: str, start: int) -> tuple[str, int]:
    """Translate one character, or a range of them."""
    low, i = _member(pattern, start)
    if pattern[i : i + 1] != "-" or pattern[i + 1 : i + 2] in ("", "]"):
        return re.escape(low), i
    high, i = _member(pattern, i + 1)
    # A range that runs backwards matches nothing in bash; a regular expression would not compile.
    return (f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""), i


def _member(pattern: str, start: int) -> tuple[str, int]:
    """Return a character, the one behind it if it is a backslash, and where the next begins."""
    if pattern[start] == "\\" and start + 1 < len(pattern):
        start += 1
    return pattern[start], start + 1
