"""Where values stand in a JSON text."""

from __future__ import annotations

import pytest

from ci_port.model.positions import Path, doubled, line_of

TEXT = """
{"a": 1,
 "b": [10,
       {"c": "x\\"}",
        "d":
          {}}],
 "a}": null}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("b",), 2),
        (("b", 0), 2),
        (("b", 1), 3),
        (("b", 1, "c"), 3),
        (("b", 1, "d"), 5),
        (("b", 1, "e"), 3),
        (("b", 9), 2),
        (("a", "x"), 1),
        (("a}",), 6),
        (("z",), 1),
    ],
)
def test_lines(path: Path, line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT, None),
        ("[]", None),
        ('{"a": {"b": 1}, "b": 1}', None),
        ('{"a": 1,\n"a": 2,\n"a": 3}', (("a",), 0, 1)),
        ('[1, {"x":\n[{"y": 1, "y":\n2}]}]', ((1, "x", 0, "y"), 1, 2)),
    ],
)
def test_names_that_stand_twice(text: str, found: tuple[Path, int, int] | None) -> None:
    assert doubled(text) == found
