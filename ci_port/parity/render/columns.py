"""Two sequences of words side by side, each in a column of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest

from ci_port.parity.render.style import Style
from ci_port.parity.wording import Word

Line = list[Word]
_GAP = " | "
_INDENT = "  "


def side_by_side(left: Sequence[Line], right: Sequence[Line], style: Style, width: int) -> Iterator[str]:
    """Yield the rows of two columns that together fill `width`; the nth lines of both start beside each other."""
    column = column_width(width)
    nothing: Line = []
    for ours, theirs in zip_longest(left, right, fillvalue=nothing):
        rows = (wrapped(line, column, style.mark_width) for line in (ours, theirs))
        for mine, other in zip_longest(*rows, fillvalue=nothing):
            padding = " " * (column - row_width(mine, style.mark_width))
            first, second = _painted(mine, style.removed), _painted(other, style.added)
            yield f"{_INDENT}{first}{padding}{_GAP}{second}".rstrip()


def column_width(width: int) -> int:
    """Return how wide each of two columns is."""
    return (width - len(_INDENT) - len(_GAP)) // 2


def wrapped(line: Iterable[Word], width: int, mark_width: int) -> list[Line]:
    """Return the words of a line on as many rows as they need; a word wider than a row is cut."""
    rows: list[Line] = [[]]
    for word in line:
        for piece in _pieces(word, width - mark_width):
            if rows[-1] and row_width([*rows[-1], piece], mark_width) > width:
                rows.append([])
            rows[-1].append(piece)
    return rows


def row_width(row: Sequence[Word], mark_width: int) -> int:
    """Return how many columns the words take, marks and spaces included."""
    return sum(len(word.text) + word.differs * mark_width for word in row) + max(0, len(row) - 1)


def _pieces(word: Word, width: int) -> list[Word]:
    return [Word(word.text[at : at + width], word.differs) for at in range(0, len(word.text), width)]


def _painted(row: Sequence[Word], paint: Callable[[str], str]) -> str:
    return " ".join(paint(word.text) if word.differs else word.text for word in row)
