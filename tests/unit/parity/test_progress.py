"""Whoever wants to see how far a sweep has come is told; nobody need be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ci_port.model import Case
from ci_port.parity import Result, Verdict
from ci_port.parity.progress import Progress, take_all, unseen

RESULTS = [Result(Case(str(number), ()), verdict) for number, verdict in enumerate((Verdict.SAME, Verdict.UNTRUSTED))]


def test_each_result_is_taken_and_those_that_are_not_the_same_are_counted() -> None:
    told: list[tuple[object, ...]] = []

    class Heard:
        def update(self, done: int, remark: str = "") -> None:
            told.append((done, remark))

    @contextmanager
    def progress(total: int, what: str) -> Iterator[Progress]:
        told.append((total, what))
        yield Heard()
        told.append(("closed",))

    taken: list[Result] = []
    assert take_all(iter(RESULTS), 2, progress, taken.append) == 1
    assert taken == RESULTS
    assert told == [(2, "cases"), (1, ""), (2, ", 1 not the same"), ("closed",)]


def test_nobody_need_look() -> None:
    assert take_all(RESULTS, 2, unseen) == 1
    assert take_all([], 0, unseen) == 0
