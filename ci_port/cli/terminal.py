"""What a terminal can show: colours, its width, a progress bar."""

from __future__ import annotations

import os
import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

from ci_port.parity.render.style import Style

WIDTH_WITHOUT_TERMINAL = 120


def style_for(stream: TextIO) -> Style:
    """Return the style for a stream: colour on a terminal only, and never against NO_COLOR (no-color.org)."""
    return Style(is_terminal(stream) and not os.environ.get("NO_COLOR"))


def is_terminal(stream: TextIO) -> bool:
    """Return whether the stream is a terminal that can do more than print."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """Return how many columns there are to fill."""
    if not is_terminal(stream) and not os.environ.get("COLUMNS"):
        return WIDTH_WITHOUT_TERMINAL
    return max(60, shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 24)).columns)


class Progress:
    """A bar on standard error, on a terminal only; it is wiped away at the end."""

    _BAR = 30
    _EVERY = 0.1

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._shown = is_terminal(sys.stderr) and total > 1
        self._last = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, done: int, remark: str = "") -> None:
        """Show that `done` are done."""
        now = time.monotonic()
        if not self._shown or (now - self._last < self._EVERY and done < self._total):
            return
        self._last = now
        full = self._BAR * done // self._total
        bar = "#" * full + "." * (self._BAR - full)
        sys.stderr.write(f"\r[{bar}] {done}/{self._total} {self._what}{remark}\x1b[K")
        sys.stderr.flush()
