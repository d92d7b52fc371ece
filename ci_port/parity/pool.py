"""Work for several workers, results in the order of the items.

A worker is a context manager that gives a function; each is used by one thread at a time. Threads are enough:
the work that counts happens in the processes that a worker owns.
"""

from __future__ import annotations

import contextlib
import os
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

# How many items each worker may be ahead of the slowest one: enough to keep all busy, little enough to hold.
_AHEAD = 32


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered(
    items: Sequence[A], open_worker: Callable[[], AbstractContextManager[Callable[[A], B]]], jobs: int
) -> Iterator[B]:
    """Yield the result for each item, in the order of the items, with at most `jobs` workers at work.

    Workers are opened before the first result and closed when the iterator ends or is closed. What a worker's
    function raises is raised here, and ends the iteration; what opening a worker raises, too.
    """
    count = min(jobs, len(items))
    if count < 1:
        return
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(open_worker()) for _ in range(count)]
        if count == 1:
            yield from map(workers[0], items)
            return
        yield from _spread(items, workers)


def _spread(items: Sequence[A], workers: Sequence[Callable[[A], B]]) -> Iterator[B]:
    free: queue.SimpleQueue[Callable[[A], B]] = queue.SimpleQueue()
    for worker in workers:
        free.put(worker)

    def work(item: A) -> B:
        worker = free.get()
        try:
            return worker(item)
        finally:
            free.put(worker)

    window: deque[Future[B]] = deque()
    with ThreadPoolExecutor(len(workers), thread_name_prefix="parity") as pool:
        try:
            for item in items:
                window.append(pool.submit(work, item))
                if len(window) >= _AHEAD * len(workers):
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            # Whoever stops early wants no more than what is already under way.
            for future in window:
                future.cancel()
