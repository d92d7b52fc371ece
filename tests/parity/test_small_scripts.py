"""Small scripts, each with what bash does: real bash says so, whenever it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.real_bash import RealBash
from tests.parity.small_scripts import Row, read_rows

ROWS = tuple(read_rows(Path(__file__).with_name("scripts") / "small.jsonl"))


def test_there_are_sixty() -> None:
    assert len(ROWS) == 60
    assert len({row.script.id for row in ROWS}) == 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.script.id)
def test_real_bash_does_what_the_row_says(row: Row, real_bash: RealBash) -> None:
    run = real_bash.run(row.script)
    assert (run.status, run.steps, run.ended) == (row.status, row.steps, "")
