"""Both programs are asked no oftener than needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.review.programs import CASES, Asked, work

IDS = [case.id for case in CASES]


def written(tmp_path: Path, before: str, after: str) -> tuple[Path, Path]:
    both = tmp_path / "before" / "test.sh", tmp_path / "after" / "test.sh"
    for path, text in zip(both, (before, after), strict=True):
        path.parent.mkdir()
        path.write_text(text)
    return both


def test_a_change_that_touches_every_run_is_recorded_for_every_job(tmp_path: Path) -> None:
    asked = Asked()
    before, after = written(tmp_path, "make", "make all")
    old, new = work(asked, before).scripts(before, after)
    assert asked.calls == [("test.sh", IDS), ("test.sh", IDS)]
    assert (list(old), list(new)) == (IDS, IDS)
    assert old != new


def test_runs_that_a_change_cannot_touch_are_not_recorded_again(tmp_path: Path) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    asked = Asked()
    text = "true\nif x; then\n  make\nfi\n"
    before, after = written(tmp_path, text, text.replace("make", "make all"))
    old, new = work(asked, before).scripts(before, after)
    assert asked.calls == [("test.sh", IDS)], "line 3 ran in no job"
    assert old == new


def test_what_was_planned_before_is_remembered(tmp_path: Path) -> None:
    asked = Asked()
    before, after = written(tmp_path, "make", "make all")
    first = work(asked, before, cache=tmp_path / "cache").scripts(before, after)
    asked.calls.clear()
    assert work(asked, before, cache=tmp_path / "cache").scripts(before, after) == first
    assert asked.calls == []


def test_a_key_is_that_of_the_program_with_the_cases(tmp_path: Path) -> None:
    before, _ = written(tmp_path, "make", "")
    one = work(Asked(), before)
    assert one.key(one.script, before) == ["test.sh", "make", "about"]
