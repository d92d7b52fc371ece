"""The smallest environment that still shows a difference: what whoever repairs it has to look at."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ci_port.model import Case
from ci_port.parity.compare import Result, Verdict
from ci_port.parity.wording import change

# Enough for six variables and their parts, twice; an environment of hundreds is cut down as far as this goes.
TRIES = 120
_PARTS = re.compile(r"[-_]")


def minimal(result: Result, base: Mapping[str, str], judge: Callable[[Case], Result]) -> Case:
    """Return the smallest case found that shows the same difference at the same places.

    `base` is the world's environment. Variables go back to what they are there, or are emptied; then values lose their
    `-` and `_` separated parts one by one. Nothing is taken away that the difference needs: each step is judged anew.
    """
    best, tries = result.case, TRIES
    while True:
        before = best
        for reduce in _reductions(best, base):
            smaller = reduce(best)
            if smaller == best:
                continue
            if not tries:
                return best
            tries -= 1
            if same_finding(judge(smaller), result):
                best = smaller
        if best == before:
            return best


def same_finding(one: Result, other: Result) -> bool:
    """Return whether two results show one and the same change at the same places."""
    return one.verdict is Verdict.DIFFERENT and _finding(one) == _finding(other)


def _finding(result: Result) -> tuple[object, ...]:
    found = result.difference
    assert found is not None, "a finding is made of a difference"
    return (found.control_place, found.candidate_place, change(found))


Reduction = Callable[[Case], Case]


def _reductions(case: Case, base: Mapping[str, str]) -> Iterator[Reduction]:
    """Yield what to try, one after the other; each is applied to what the ones before it left over."""
    yield lambda now: replace(now, world=None)
    for name, _ in case.env:
        yield _without(name)
        if base.get(name):
            yield _set(name, lambda _: "")
    for name, value in case.env:
        parts = len(_PARTS.findall(value or ""))
        # From the end, so that taking a part away leaves the earlier ones where they are.
        for number in range(parts, -1, -1) if parts else ():
            yield _set(name, _without_part(number))


def _without(name: str) -> Reduction:
    return lambda case: replace(case, env=tuple(pair for pair in case.env if pair[0] != name))


def _set(name: str, shorten: Callable[[str], str]) -> Reduction:
    def reduce(case: Case) -> Case:
        env = {key: shorten(value) if key == name and value is not None else value for key, value in case.env}
        return replace(case, env=tuple(sorted(env.items())))

    return reduce


def _without_part(number: int) -> Callable[[str], str]:
    def shorten(value: str) -> str:
        cuts = [0, *(found.end() for found in _PARTS.finditer(value)), len(value)]
        pieces = [value[start:end] for start, end in itertools.pairwise(cuts)]
        return "".join(piece for at, piece in enumerate(pieces) if at != number).rstrip("-_")

    return shorten
