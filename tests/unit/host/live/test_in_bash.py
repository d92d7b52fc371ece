"""Sourced files and their functions, beside bash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.host.live.beside_bash import Row, as_port, check, ran, rows


@pytest.mark.parametrize("row", rows("in_bash"), ids=lambda row: row.name)
def test_as_bash_does(place: Path, row: Row) -> None:
    check(row, place)


def test_a_file_that_changes_how_the_shell_works_is_refused(place: Path) -> None:
    (place / "odd.sh").write_text("IFS=,\n")
    port = ran(as_port("sh.source('./odd.sh')"), place)
    assert port.returncode == 70
    assert "changed how the shell works" in port.stderr.decode()
