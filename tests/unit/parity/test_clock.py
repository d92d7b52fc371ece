"""Both sides are timed, also when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_port.model import Case, Observation, Place, Plan, RunFailed
from ci_port.parity import Side
from ci_port.parity.clock import Clock

CASE = Case("x", ())


def test_a_side_is_timed_over_all_its_cases() -> None:
    clock = Clock()
    side = clock.timed("port", lambda case: Observation(Plan((), 0)))
    side(CASE)
    once = clock.seconds["port"]
    side(CASE)
    assert 0 < once < clock.seconds["port"]


def test_a_failure_is_timed_and_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clock = Clock()

    def fail(case: Case) -> Observation:
        raise RunFailed("time is up", Place(str(tmp_path / "t.sh"), 9))

    with pytest.raises(RunFailed, match=r"^t\.sh:9: time is up$"):
        clock.timed("script", fail)(CASE)
    assert clock.seconds["script"] > 0


def test_what_opens_a_side_closes_it_too() -> None:
    closed: list[bool] = []

    @contextmanager
    def opened() -> Iterator[Side]:
        yield lambda case: Observation(Plan((), 3))
        closed.append(True)

    clock = Clock()
    with clock.timed_opener("script", opened)() as side:
        assert side(CASE).plan.status == 3
        assert not closed
    assert closed
    assert "script" in clock.seconds


def test_a_part_of_the_work_is_timed() -> None:
    clock = Clock()
    with clock.span("findings"):
        pass
    assert clock.seconds.keys() == {"findings"}
