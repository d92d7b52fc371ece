"""Many random scripts through both sides, and the smallest of those that differ."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from tests.parity.grammar import scripts
from tests.parity.judging import Judged, Tally, Verdict
from tests.parity.small_scripts import Script

Judge = Callable[[Script], Judged]
Look = Callable[[Script], None]


class FreshProvider(HypothesisProvider):
    """Draws as hypothesis does. Under a name of its own, each script is drawn anew and none is another one's mutant."""


AVAILABLE_PROVIDERS["fresh"] = f"{FreshProvider.__module__}.{FreshProvider.__qualname__}"


class _Found(Exception):
    """A script that differs."""


def sweep(judge: Judge, count: int, number: int) -> Tally:
    """Judge `count` scripts; the same number gives the same scripts."""
    tally = Tally()
    for_each(lambda script: tally.add(script, judge(script)), count, number)
    return tally


def smallest(judge: Judge, count: int, number: int, kind: str) -> tuple[Script, Judged] | None:
    """Return a script that differs in this way, as small as hypothesis can make it from one that `sweep` found.

    None: no script has differed in this way again.
    """
    found: list[tuple[Script, Judged]] = []

    def look(script: Script) -> None:
        judged = judge(script)
        if judged.verdict is Verdict.DIFFERENT and judged.kind == kind:
            found.append((script, judged))
            raise _Found

    with contextlib.suppress(_Found, Flaky):
        for_each(look, count, number, (Phase.generate, Phase.shrink))
    return min(found, key=lambda pair: len(pair[0].text), default=None)


def smallest_of_each(judge: Judge, count: int, number: int, tally: Tally, most: int) -> Iterator[tuple[Script, Judged]]:
    """Yield the smallest script of the most frequent kinds of difference."""
    for kind, _ in tally.kinds.most_common(most):
        if pair := smallest(judge, count, number, kind):
            yield pair


def for_each(look: Look, count: int, number: int, phases: tuple[Phase, ...] = (Phase.generate,)) -> None:
    """Look at `count` random scripts; the same number gives the same scripts."""

    @seed(number)
    @settings(
        max_examples=count,
        backend="fresh",
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(scripts())
    def once(script: Script) -> None:
        look(script)

    once()
