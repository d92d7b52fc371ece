"""Bash patterns (`*`, `?`, `[...]`, backslash) as compiled regular expressions.

The rules are those of the bash manual, "Pattern Matching", without extended globs: a CI script's tests use none,
and a pattern that has one is refused by name instead of being matched as ordinary text.
"""

from __future__ import annotations

import functools
import re

_EXTENDED = re.compile(r"[?*+@!]\(")


@functools.lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that matches a whole string exactly when bash's `[[ s == pattern ]]` does.

    Raises ValueError for extended globs such as `@(a|b)`.
    """
    if _EXTENDED.search(pattern):
        raise ValueError(f"extended glob in pattern {pattern!r} is not supported")
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


@functools.lru_cache(maxsize=1024)
def compile_extended(regex: str) -> re.Pattern[str]:
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
            text, i = _extended_bracket(regex, i)
            out.append(text)
        elif char == "$":
            out.append(r"\Z")
        else:
            out.append(char)
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise ValueError(f"the regular expression {regex!r} is not valid: {error}") from None


def _extended_bracket(regex: str, start: int) -> tuple[str, int]:
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
        if named and named[1] in _CLASSES:
            parts.append(_CLASSES[named[1]])
            i = named.end()
        elif regex[i] == "[" and regex[i + 1 : i + 2] in (".", "=", ":"):
            break
        else:
            parts.append(regex[i] if regex[i] == "-" else re.escape(regex[i]))
            i += 1
    raise ValueError(f"the bracket expression in {regex!r} is not supported")


def is_pattern(word: str) -> bool:
    """Return whether pathname expansion would look at `word`: it has an unescaped `*`, `?` or `[`."""
    return any(char in word for char in "*?[")


def escape(text: str) -> str:
    """Return `text` as a pattern that matches only itself."""
    return re.sub(r"([\\*?\[])", r"\\\1", text)


# ASCII only: what else a class holds is up to the locale and the C library.
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "space": " \\t\\n\\r\\x0b\\x0c",
    "upper": "A-Z",
    "word": "a-zA-Z0-9_",
    "xdigit": "0-9a-fA-F",
}


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
        raise ValueError(f"collating element in pattern {pattern!r} is not supported")
    if not pattern.startswith("[:", start):
        return _range(pattern, start)
    end = pattern.find(":]", start + 2)
    if end < 0:
        # Bash skips the `[` of a class that has no end, and reads on behind it.
        return "", start + 1
    name = pattern[start + 2 : end]
    if name not in _CLASSES:
        raise ValueError(f"unknown character class [:{name}:] in pattern {pattern!r}")
    return _CLASSES[name], end + 2


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
