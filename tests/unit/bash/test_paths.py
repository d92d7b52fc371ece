"""Paths as text."""

from __future__ import annotations

import pytest

from ci_port.bash.paths import absolute


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", "/w/a"),
        ("./a/../b//c/", "/w/b/c"),
        ("..", "/"),
        ("../../..", "/"),
        ("/x/./y", "/x/y"),
        ("/", "/"),
        (".a/..b", "/w/.a/..b"),
        (".", "/w"),
    ],
)
def test_absolute(path: str, expected: str) -> None:
    """Textually, as `cd` does."""
    assert absolute(path, "/w") == expected
