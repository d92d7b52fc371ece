"""Steps: what is traced, counted and timed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ci_port.bash.quoting import traced
from ci_port.host.live.speech import Speech


class Steps(Speech):
    """Commands, sourced files, written files and limits are steps."""

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self.steps = 0
        """How many steps were taken."""
        self.seconds: list[float] = []
        """How long each of them took."""

    @contextmanager
    def _step(self, words: Iterable[str], depth: int = 1) -> Iterator[None]:
        """Trace a step under `set -x` and time it. Whoever takes it counts it, once nothing can call it back."""
        self.check()
        self._say_on_stderr(traced(words, depth))
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds.append(time.monotonic() - began)
