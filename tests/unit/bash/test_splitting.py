"""What an unquoted value is cut into; `test_globbing` asks bash."""

from __future__ import annotations

import pytest

from ci_port.bash.splitting import fields


@pytest.mark.parametrize(
    ("value", "words"),
    [("", []), (" \t\n", []), ("a", ["a"]), (" a  b\tc\nd ", ["a", "b", "c", "d"]), ("a\rb\x0bc", ["a\rb\x0bc"])],
)
def test_only_blanks_tabs_and_newlines_separate(value: str, words: list[str]) -> None:
    assert fields(value) == words
