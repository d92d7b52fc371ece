"""Which variables a command or a sum writes (bash manual, "Shell Builtin Commands", "Shell Arithmetic")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ci_port.bash import words
from ci_port.bash.builtins import DECLARING
from ci_port.bash.names import NAME, is_name

_BEGINNING = re.compile(NAME)
_NAMING = DECLARING | {"unset"}
# The option of each that names a variable, the options that take another argument, and whether operands are names.
_READING: dict[str, tuple[str, str, bool]] = {
    "read": ("a", "dinNptu", True),
    "mapfile": ("", "dnOsuCc", True),
    "readarray": ("", "dnOsuCc", True),
    "printf": ("v", "", False),
}
_SUM = re.compile(
    rf"(?P<before>\+\+|--)?(?P<quote>\$?)(?P<name>\b{NAME})(?:\[[^]]*\])?\s*"
    r"(?P<after>\+\+|--|(?:<<|>>|[-+*/%&|^])?=(?!=))?"
)


def written_by(name: str | None, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the variables that a builtin of this name writes."""
    if name in _NAMING:
        for word in arguments:
            if match := _BEGINNING.match(word):
                yield match[0]
    elif name in _READING:
        yield from _operands(_READING[name], arguments)
    elif name == "getopts" and len(arguments) > 1:
        yield from filter(is_name, arguments[1:2])
    elif name == "let":
        for word in arguments:
            yield from (found for found, writes in reads_of_sum(words.literal(word) or "") if writes)


def _operands(rule: tuple[str, str, bool], arguments: Sequence[str]) -> Iterator[str]:
    naming, taking, operands = rule
    expected = ""
    for word in arguments:
        if expected:
            if expected in naming:
                yield from (found[0] for found in [_BEGINNING.match(word)] if found)
            expected = ""
        elif word.startswith("-") and len(word) > 1:
            letter = word[-1]
            expected = letter if letter in naming + taking else ""
        elif operands:
            yield from filter(is_name, [word])
        else:
            return


def reads_of_sum(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each name of an arithmetic expression, and whether it is written; `$name`s are listed as parameters."""
    for match in _SUM.finditer(re.sub(r"\$\{[^}]*\}|\$\([^)]*\)|0[xX][0-9a-fA-F]+|\b[0-9]\w*", " ", text)):
        if match["quote"]:
            continue
        sign = match["after"]
        if sign != "=":
            yield match["name"], False
        if sign or match["before"]:
            yield match["name"], True
