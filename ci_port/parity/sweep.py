"""Parity over many cases: results as they come, and what they add up to."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ci_port.model import Case, Place
from ci_port.parity import pool
from ci_port.parity.compare import OpenSide, Result, Side, Verdict, judge
from ci_port.parity.wording import Change, change


def sweep(cases: Sequence[Case], open_control: OpenSide, candidate: Side, jobs: int) -> Iterator[Result]:
    """Yield the result of each case, in order.

    `open_control` opens one control per worker; `candidate` is shared by all and must bear that.
    """

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Result]]:
        with open_control() as control:
            yield lambda case: judge(case, control, candidate)

    return pool.ordered(cases, open_worker, jobs)


@dataclass(frozen=True, slots=True)
class Summary:
    """How many cases had which verdict, and in how many a side failed."""

    total: int
    counts: Counter[Verdict]
    failed: int

    @property
    def all_same(self) -> bool:
        """Whether every case was shown to be the same."""
        return self.counts[Verdict.SAME] == self.total


def summarise(results: Iterable[Result]) -> Summary:
    """Return what the results add up to."""
    everything = list(results)
    return Summary(
        total=len(everything),
        counts=Counter(result.verdict for result in everything),
        failed=sum(result.failed for result in everything),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Differences that are one and the same change at the same places, with the results that show it."""

    control_place: Place | None
    candidate_place: Place | None
    change: Change
    results: tuple[Result, ...]


def grouped(results: Iterable[Result]) -> list[Group]:
    """Return the differing results, those with an identical change together, the largest group first."""
    groups: dict[tuple[Place | None, Place | None, Change], list[Result]] = {}
    for result in results:
        found = result.difference
        if found is not None and result.verdict is Verdict.DIFFERENT:
            key = (found.control_place, found.candidate_place, change(found))
            groups.setdefault(key, []).append(result)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return [Group(*key, tuple(members)) for key, members in ordered]
