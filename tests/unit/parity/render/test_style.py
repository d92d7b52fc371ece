"""Colour, or marks in its place."""

from __future__ import annotations

from ci_port.parity.render.style import Style


def test_style_paints_only_in_colour() -> None:
    assert Style(colour=False).bad("x") == "x"
    assert Style(colour=True).bad("x") == "\x1b[31mx\x1b[0m"
    assert Style(colour=True).bold("") == ""
    assert (Style(colour=False).removed("x"), Style(colour=False).added("x")) == ("[-x-]", "{+x+}")


def test_marks_take_columns_and_colour_takes_none() -> None:
    assert Style(colour=False).mark_width == len(Style(colour=False).removed("x")) - 1
    assert Style(colour=True).mark_width == 0
