"""Every row of docs/bash.md is what bash does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from ci_port.dryrun.programs import find_bash

PAGE = Path(__file__).parents[2] / "docs" / "bash.md"
_CELLS = re.compile(r"(?<!\\)\|")


class Row(NamedTuple):
    """A rule, the script that shows it, and what comes of it."""

    rule: str
    script: str
    prints: str
    status: int


def rows() -> list[Row]:
    """Return the rows of all tables of the page."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]]
        if len(cells) == 4 and cells[1].startswith("`"):
            rule, script, prints, status = cells
            found.append(Row(rule, script.strip("`").replace(" ⏎ ", "\n"), prints.strip("`"), int(status)))
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.rule)
def test_bash_keeps_the_rule(row: Row, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).touch()
    script = f"set -e -o pipefail\n{row.script}\n"
    done = subprocess.run(
        [find_bash(), "/dev/stdin"], input=script, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (" ".join(done.stdout.split()), done.returncode) == (row.prints, row.status), done.stderr


def test_no_row_of_the_page_is_overlooked() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert len(rows()) == sum(line.startswith("| ") and not line.startswith("| rule ") for line in lines) > 40
