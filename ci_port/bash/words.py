"""What a word is made of, as far as tests and `source` need to know (bash manual, "Quoting")."""

from __future__ import annotations

import re
from typing import NamedTuple

from ci_port.bash.names import NAME

_NAME = rf"{NAME}|[1-9]"
_PIECE = re.compile(
    rf"\$(?:(?P<bare>{_NAME})|\{{(?P<braced>{_NAME})(?::?-)?\}})"
    r"|(?P<dollar>\$)(?=[)|/. \t]|\Z)"
    r"|'(?P<single>[^']*)'|\\(?P<escaped>.)|(?P<double>\")|(?P<plain>[^\"'\\$`]+)",
    re.DOTALL,
)
_IN_QUOTES = re.compile(
    rf"\$(?:(?P<bare>{_NAME})|\{{(?P<braced>{_NAME})(?::?-)?\}})"
    r"|\\(?P<escaped>[$`\"\\])|(?P<single>\\(?![$`\"\\]))|(?P<plain>[^\"\\$`]+)",
    re.DOTALL,
)


class Piece(NamedTuple):
    """`variable` (its name), `literal` (quoted text), or `plain` (text outside quotes, where `*` is a pattern)."""

    kind: str
    text: str


def pieces(raw: str) -> list[Piece] | None:
    """Return the pieces of a word as written; None if it has an expansion that is no plain variable."""
    found: list[Piece] = []
    position, quoted = 0, False
    while position < len(raw):
        if quoted and raw[position] == '"':
            quoted = False
            position += 1
            continue
        match = (_IN_QUOTES if quoted else _PIECE).match(raw, position)
        if match is None:
            return None
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "double":
            quoted = True
            found.append(Piece("literal", ""))
        elif kind in ("bare", "braced"):
            found.append(Piece("variable", match[kind]))
        elif kind in ("plain", "dollar") and not quoted:
            found.append(Piece("plain", match[kind]))
        else:
            found.append(Piece("literal", match[kind]))
    return None if quoted else found


def literal(raw: str) -> str | None:
    """Return the value of a word that has no expansion; None for any other."""
    parts = pieces(raw)
    if parts is None or any(part.kind == "variable" for part in parts):
        return None
    return "".join(part.text for part in parts)


def fixed(raw: str) -> str | None:
    """Return the word as the command gets it, whatever the run; None where bash expands something in it."""
    parts = pieces(raw)
    if parts is None or any(part.kind == "plain" and re.search(r"[~*?\[{]", part.text) for part in parts):
        return None
    return literal(raw)


def variable(raw: str) -> str | None:
    """Return the name of the one variable that a word consists of, quoted or not; None for any other word."""
    parts = [part for part in pieces(raw) or () if part.text]
    return parts[0].text if len(parts) == 1 and parts[0].kind == "variable" else None


_BLANKS = re.compile(
    r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\[^\n]|(?P<gap>(?:[ \t\n]+(?:#[^\n]*)?|\\\n)+)|[^'\"\\ \t\n]+|.", re.DOTALL
)


def squeeze(text: str) -> str:
    """Return the text without comments and continued lines, and with one blank for each gap outside quotes."""
    return _BLANKS.sub(lambda match: " " if match["gap"] else match[0], text).strip()
