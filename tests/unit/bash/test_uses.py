"""Which variables builtins and sums write."""

from __future__ import annotations

import pytest

from ci_port.bash.uses import reads_of_sum, written_by


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("export A=1 B", ["A", "B"]),
        ("local -r c", ["c"]),
        ("read -r -a d", ["d"]),
        ("read -r -u 3 e f", ["e", "f"]),
        ("printf -v g %s x", ["g"]),
        ("printf %s x", []),
        ("mapfile -t h", ["h"]),
        ("getopts ab: i", ["i"]),
        ("let j=1", ["j"]),
        ("unset k", ["k"]),
        ("echo l", []),
    ],
)
def test_written_by(command: str, names: list[str]) -> None:
    name, *arguments = command.split()
    assert list(written_by(name, arguments)) == names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a + b", [("a", False), ("b", False)]),
        ("a = b", [("a", True), ("b", False)]),
        ("a += 1", [("a", False), ("a", True)]),
        ("a++", [("a", False), ("a", True)]),
        ("a == 0x1f", [("a", False)]),
        ("$a + 1", []),
    ],
)
def test_reads_of_sum(text: str, found: list[tuple[str, bool]]) -> None:
    assert list(reads_of_sum(text)) == found
