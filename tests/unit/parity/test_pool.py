"""Workers in parallel, results in order."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ci_port.parity import cores, ordered


class Workers:
    """Opens workers that square numbers and remembers what happened to them."""

    def __init__(self, work: Callable[[int], int] = lambda item: item * item) -> None:
        self.work = work
        self.opened = 0
        self.closed = 0
        self.active = 0
        self.most_active = 0
        self.calls = 0
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def open(self) -> Iterator[Callable[[int], int]]:
        self.opened += 1
        busy = threading.Lock()

        def call(item: int) -> int:
            assert busy.acquire(blocking=False), "a worker is used by one thread at a time"
            with self.lock:
                self.calls += 1
                self.active += 1
                self.most_active = max(self.most_active, self.active)
            try:
                return self.work(item)
            finally:
                with self.lock:
                    self.active -= 1
                busy.release()

        try:
            yield call
        finally:
            self.closed += 1


@pytest.mark.parametrize("jobs", [1, 2, 3, 8])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.003 if item % 3 == 0 else 0)
        return item * item

    workers = Workers(work)
    assert list(ordered(range(200), workers.open, jobs)) == [item * item for item in range(200)]
    assert workers.opened == workers.closed == jobs
    assert workers.active == 0


def test_workers_really_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)
    workers = Workers(lambda item: both.wait() and item)
    assert len(list(ordered([1, 2], workers.open, 2))) == 2
    assert workers.most_active == 2


def test_no_more_workers_than_items() -> None:
    workers = Workers()
    assert list(ordered([3], workers.open, 8)) == [9]
    assert workers.opened == 1
    assert list(ordered([], workers.open, 8)) == []
    assert workers.opened == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_worker_raises_ends_the_iteration_and_closes_all(jobs: int) -> None:
    def fail(item: int) -> int:
        if item == 5:
            raise RuntimeError("item five")
        return item

    workers = Workers(fail)
    results = ordered(range(1000), workers.open, jobs)
    assert list(itertools.islice(results, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="item five"):
        next(results)
    assert workers.closed == jobs
    assert workers.calls < 1000


def test_what_opening_raises_closes_those_already_open() -> None:
    workers = Workers()

    @contextlib.contextmanager
    def open_once() -> Iterator[Callable[[int], int]]:
        if workers.opened:
            raise OSError("no more")
        with workers.open() as worker:
            yield worker

    with pytest.raises(OSError, match="no more"):
        list(ordered([1, 2], open_once, 2))
    assert workers.closed == 1


def test_closing_early_stops_the_work() -> None:
    workers = Workers()
    results = ordered(range(10_000), workers.open, 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator
    assert workers.closed == 2
    assert workers.calls < 10_000


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
