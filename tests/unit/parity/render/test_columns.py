"""Words in two columns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_port.parity.render.columns import column_width, row_width, side_by_side, wrapped
from ci_port.parity.render.style import Style
from ci_port.parity.wording import Word

WORDS = st.lists(st.builds(Word, st.text("abc", min_size=1, max_size=30), st.booleans()), max_size=15)


def test_columns_stand_beside_each_other_with_marks() -> None:
    left = [[Word("run", False), Word("one", True)], [Word("# note", False)]]
    lines = list(side_by_side(left, [[Word("run", False)]], Style(colour=False), 60))
    assert lines == ["  run [-one-]                 | run", "  # note                      |"]
    (painted,) = side_by_side(left[:1], [[Word("x", True)]], Style(colour=True), 60)
    assert painted == "  run \x1b[1;31mone\x1b[0m" + " " * 20 + " | \x1b[1;32mx\x1b[0m"


@given(WORDS, st.integers(10, 40), st.sampled_from([0, 4]))
def test_rows_never_overflow_and_lose_nothing(words: list[Word], width: int, mark_width: int) -> None:
    rows = wrapped(words, width, mark_width)
    assert all(row_width(row, mark_width) <= width for row in rows)
    assert "".join(word.text for row in rows for word in row) == "".join(word.text for word in words)


@given(WORDS, WORDS, st.integers(60, 100))
def test_lines_never_overflow(left: list[Word], right: list[Word], width: int) -> None:
    lines = list(side_by_side([left], [right], Style(colour=False), width))
    assert all(len(line) <= width for line in lines)
    assert all(line[2 + column_width(width) :].startswith(" |") for line in lines)
