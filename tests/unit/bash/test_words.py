"""Words and their values."""

from __future__ import annotations

import pytest

from ci_port.bash import words


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a", "a"),
        ("'a b'", "a b"),
        ('"a\\"b\\c"', 'a"b\\c'),
        ("a\\ b", "a b"),
        ("''", ""),
        ("$a", None),
        ("$(a)", None),
    ],
)
def test_literal(raw: str, value: str | None) -> None:
    assert words.literal(raw) == value


@pytest.mark.parametrize(
    ("raw", "value"), [("a'b c'", "ab c"), ("~/a", None), ("*.whl", None), ("'*'", "*"), ("{a,b}", None), ("$a", None)]
)
def test_fixed(raw: str, value: str | None) -> None:
    assert words.fixed(raw) == value


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("$A", "A"),
        ('"$A"', "A"),
        ("${A}", "A"),
        ('"${A:-}"', "A"),
        ("${A:-b}", None),
        ("x$A", None),
        ("$1", "1"),
        ("$#", None),
    ],
)
def test_variable(raw: str, name: str | None) -> None:
    assert words.variable(raw) == name


def test_squeeze_drops_comments_and_indentation_but_nothing_in_quotes() -> None:
    assert words.squeeze("  a   'b  c' \\\n  d # e\n  f#g ") == "a 'b  c' d f#g"
