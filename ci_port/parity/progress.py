"""How far a sweep has come, for whoever wants to show it: passed in, and nobody by default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from ci_port.parity.compare import Result, Verdict


class Progress(Protocol):
    """What is told how many are done."""

    def update(self, done: int, remark: str = "") -> None:
        """Hear that `done` are done; `remark` is for people."""


OpenProgress = Callable[[int, str], AbstractContextManager[Progress]]
"""Takes how many there are, and of what."""


class _Unseen:
    def update(self, done: int, remark: str = "") -> None:
        """Show nothing."""


def unseen(_total: int, _what: str) -> AbstractContextManager[Progress]:
    """Return the progress that nobody sees."""
    return nullcontext(_Unseen())


def take_all(
    results: Iterable[Result], total: int, progress: OpenProgress, take: Callable[[Result], object] = lambda _: None
) -> int:
    """Hand each result on as it comes, tell how many are not the same so far, and return how many there were of those.

    No generator: one that is left half-way would wipe its bar away only after the message that says why.
    """
    off = 0
    with progress(total, "cases") as shown:
        for done, result in enumerate(results, 1):
            take(result)
            off += result.verdict is not Verdict.SAME
            shown.update(done, f", {off} not the same" if off else "")
    return off
