"""Plan sets of earlier runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_port.model import Case, Execute, Plan
from ci_port.review.cache import Cache, cache_directory, cases_fingerprint, key_of
from ci_port.review.plansets import Planned, PlanSet

PLANS: PlanSet = {"a": Planned(Plan((Execute(("make",)),), 0), {"t.sh": frozenset({1})})}
KEY = ["script", "x"]


def never() -> PlanSet:
    raise AssertionError("this was planned before")


def test_what_was_planned_once_is_not_planned_again(tmp_path: Path) -> None:
    assert Cache(tmp_path).of(KEY, lambda: PLANS) == PLANS
    assert Cache(tmp_path).of(KEY, never) == PLANS
    assert Cache(tmp_path).of([*KEY, "y"], dict) == {}


def test_without_a_directory_nothing_is_remembered() -> None:
    cache = Cache(None)
    cache.put(KEY, PLANS)
    assert cache.of(KEY, dict) == {}


def test_what_was_planned_elsewhere_is_remembered_too(tmp_path: Path) -> None:
    Cache(tmp_path / "new").put(KEY, PLANS)
    assert Cache(tmp_path / "new").of(KEY, never) == PLANS


def test_a_file_that_is_broken_is_made_anew(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, PLANS)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:30])
    assert Cache(tmp_path).of(KEY, lambda: PLANS) == PLANS
    assert Cache(tmp_path).of(KEY, never) == PLANS


def test_a_set_with_a_failure_is_not_remembered(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, {**PLANS, "b": Planned("time is up")})
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_make_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(Cache.KEPT):
        cache.put([str(number)], PLANS)
    for age, file in enumerate(sorted(tmp_path.iterdir())):
        os.utime(file, (1000 + age, 1000 + age))
    oldest = min(tmp_path.iterdir(), key=lambda file: file.stat().st_mtime)
    cache.put(["one more"], PLANS)
    assert len(list(tmp_path.iterdir())) == Cache.KEPT
    assert not oldest.exists()


@pytest.mark.parametrize("name", ["file/below", "x" * 300])
def test_a_directory_that_cannot_be_written_or_looked_into_is_no_failure(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Cache(tmp_path / name).of(KEY, lambda: PLANS) == PLANS


def test_it_stands_where_caches_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_directory() == Path("/x/ci_port/plans")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/y")
    assert cache_directory() == Path("/home/y/.cache/ci_port/plans")
    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache_directory() is None, "not in a directory that is called ~"


def test_a_key_holds_the_program_the_world_and_the_cases(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text("{}")
    one = cases_fingerprint(world, [Case("a", ())])
    assert one != cases_fingerprint(world, [Case("a", (("X", ""),))])
    world.write_text("{ }")
    assert one != cases_fingerprint(world, [Case("a", ())])
    assert key_of(["port", "m:f"], one) == ["port", "m:f", one]
