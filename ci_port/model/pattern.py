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


def is_pattern(word: str) -> bool:
    """Return whether pathname expansion would look at `word`: it has an unescaped `*`, `?` or `[`."""
    return any(char in word for char in "*?[")


def escape(text: str) -> str:
    """Return `text` as a pattern that matches only itself."""
    return re.sub(r"([\\*?\[])", r"\\\1", text)


_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~").replace('"', '\\"'),
    "space": "\\s",
    "upper": "A-Z",
    "word": "a-zA-Z0-9_",
    "xdigit": "0-9a-fA-F",
}


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    """Translate the bracket expression whose `[` stands just before `start`; without an end, `[` is ordinary."""
    i = start
    negated = i < len(pattern) and pattern[i] in "!^"
    if negated:
        i += 1
    first = i
    parts: list[str] = []
    while i < len(pattern):
        char = pattern[i]
        if char == "]" and i > first:
            body = "".join(parts)
            return f"[{'^' if negated else ''}{body}]", i + 1
        if pattern.startswith("[:", i) and (end := pattern.find(":]", i + 2)) > 0:
            name = pattern[i + 2 : end]
            if name not in _CLASSES:
                raise ValueError(f"unknown character class [:{name}:] in pattern {pattern!r}")
            parts.append(_CLASSES[name])
            i = end + 2
            continue
        if char == "\\" and i + 1 < len(pattern):
            i += 1
            char = pattern[i]
        low = char
        i += 1
        if pattern[i : i + 1] == "-" and i + 1 < len(pattern) and pattern[i + 1] != "]":
            high = pattern[i + 1]
            i += 2
            if high == "\\" and i < len(pattern):
                high = pattern[i]
                i += 1
            # A range that runs backwards matches nothing in bash; a regular expression would not compile.
            parts.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
        else:
            parts.append(re.escape(low))
    return re.escape("["), start
