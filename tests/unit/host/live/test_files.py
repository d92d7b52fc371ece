"""What is asked of the file system, beside bash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.host.live.beside_bash import Row, check, rows


@pytest.mark.parametrize("row", rows("files"), ids=lambda row: row.name)
def test_as_bash_does(place: Path, row: Row) -> None:
    check(row, place)
