"""Which runs a change of the script cannot touch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci_port.review.untouched import touched
from tests.unit.project.project_on_disk import SCRIPT

TOUCHED = {
    "inside an arm": ("ruff check > lint.log", "ruff check", {7}, {5}),
    "inside a function": ('--jobs "$(nproc)"', "", {4}, {7}),
    "a line more in an arm": ("  ruff check > lint.log", "  ruff check > lint.log\n  more", {7}, {4}),
}


@pytest.mark.parametrize(("old", "new", "entered", "passed"), TOUCHED.values(), ids=TOUCHED)
def test_a_change_inside_a_body_touches_runs_that_entered_it(
    old: str, new: str, entered: set[int], passed: set[int], tmp_path: Path
) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    touches = _touches(tmp_path, old, new)
    assert touches(entered)
    assert not touches(passed)


EVERYWHERE = {
    "at the top": ("set -e", "set -eu"),
    "in a condition": ("== lint", "== linter"),
    "a function's name": ("run_suite() {", "run_suites() {"),
    "an arm more": ("else\n", "elif true; then\n  x\nelse\n"),
    "a call": ('run_suite "$SUITE"\nfi', 'run_suite "$SUITE"\nfi\nmore'),
    "line numbers are asked for": ("ruff check > lint.log", "ruff check $LINENO"),
    "no longer bash": ("ruff check > lint.log", "if ("),
}


@pytest.mark.parametrize(("old", "new"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_a_change_anywhere_else_touches_every_run(old: str, new: str, tmp_path: Path) -> None:
    assert _touches(tmp_path, old, new)(set())


def _touches(tmp_path: Path, old: str, new: str) -> Any:
    assert old in SCRIPT
    before, after = (tmp_path / name / "test.sh" for name in ("before", "after"))
    for path, text in ((before, SCRIPT), (after, SCRIPT.replace(old, new, 1))):
        path.parent.mkdir()
        path.write_text(text)
    tells = touched(before, after)
    return lambda lines: tells({"test.sh": frozenset(lines)})


def test_a_changed_neighbour_touches_every_run(tmp_path: Path) -> None:
    before, after = (tmp_path / name / "test.sh" for name in ("before", "after"))
    for path in (before, after):
        path.parent.mkdir()
        path.write_text(SCRIPT)
    (after.parent / "common.sh").write_text("x=1\n")
    assert touched(before, after)({})
