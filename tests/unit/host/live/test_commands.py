"""Commands, beside bash."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.unit.host.live.beside_bash import Row, as_port, check, ran, rows


@pytest.mark.parametrize("row", rows("commands"), ids=lambda row: row.name)
def test_as_bash_does(place: Path, row: Row) -> None:
    check(row, place)


def test_ignored_ends_of_children_are_no_matter(place: Path) -> None:
    command = as_port("sh.ok('sh', '-c', 'exit 3'); sh.run('sh', '-c', 'exit 4')")
    code = f"import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv({command[0]!r}, {command!r})"
    assert ran([sys.executable, "-c", code], place).returncode == 4
