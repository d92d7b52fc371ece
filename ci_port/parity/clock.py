"""How long either side took, summed over all workers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from ci_port.model import Case, Observation, RunFailed
from ci_port.parity.compare import OpenSide, Side
from ci_port.parity.places import FromHere


class Clock:
    """Times sides and parts of the work; the sides' places come out as people write them from here."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._from_here = FromHere()

    def timed(self, name: str, side: Side) -> Side:
        """Return the side, timed."""

        def observe(case: Case) -> Observation:
            start = time.perf_counter()
            try:
                return self._from_here.observation(side(case))
            except RunFailed as failed:
                raise self._from_here.failure(failed) from None
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

        return observe

    def timed_opener(self, name: str, open_side: OpenSide) -> OpenSide:
        """Return what opens the side, timed."""

        @contextlib.contextmanager
        def opened() -> Iterator[Side]:
            with open_side() as side:
                yield self.timed(name, side)

        return opened

    @contextlib.contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Time a part of the work."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
