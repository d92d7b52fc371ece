"""A text as one word that bash reads back as that text, or as bash itself writes it under `set -x`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLAIN = re.compile(r"[A-Za-z0-9_./:+@%,=^-]+")
_SHOWN = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x1b": "\\e", "\\": "\\\\", "'": "\\'"}
_META = re.compile(r"[ \t\n'\"\\|&;()<>!{}*\[?\]^$`]|(?:\A|(?<=[=:]))~|\A#")
_TRACED = {"\x1b": "\\E", "\a": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


def single_quoted(text: str) -> str:
    """Return the text in single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def quoted(text: str) -> str:
    """Return the text as one word on one line, quoted only where it must be.

    What a terminal would act on is written as `$'...'`, so that no word can be taken for two or paint the screen.
    """
    if _PLAIN.fullmatch(text):
        return text
    return single_quoted(text) if text.isprintable() else _ansi_c(text, _SHOWN, "\\x{:02x}")


def visible(text: str) -> str:
    """Return a text for people, on one line: what a terminal would act on is shown, not sent."""
    return text if text.isprintable() else "".join(map(_seen, text))


def _seen(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def assignment(name: str, value: str | None) -> str:
    """Return `name=value`; None is `unset name`."""
    if value is None:
        return f"unset {name}"
    return f"{name}={quoted(value) if value else ''}"


def traced(words: Iterable[str], depth: int = 1) -> str:
    """Return the trace line of a command; `depth` counts the command substitutions that it stands in, plus one."""
    return "+" * depth + " " + " ".join(traced_word(word) for word in words)


def traced_word(word: str) -> str:
    """Return one word as bash traces it: plain where it could be read back plain (print_cmd.c)."""
    if not word:
        return "''"
    if _META.search(word):
        return "\\'" if word == "'" else single_quoted(word)
    return word if word.isprintable() else _ansi_c(word, _TRACED, "\\{:03o}")


def _ansi_c(text: str, named: Mapping[str, str], byte: str) -> str:
    """Return the text as `$'...'`. A surrogate escape is a byte that is not UTF-8: it too is written as a byte."""

    def escaped(char: str) -> str:
        if char in named:
            return named[char]
        if char.isprintable():
            return char
        return "".join(map(byte.format, char.encode(errors="surrogateescape")))

    return f"$'{''.join(map(escaped, text))}'"
