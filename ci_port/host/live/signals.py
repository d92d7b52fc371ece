"""Signals that end a shell: they go to the running command first, and what bash does about them is done here."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

from ci_port.host.live.processes import FORWARDED
from ci_port.host.live.speech import Speech
from ci_port.host.seam import Interrupted

_P = ParamSpec("_P")
_R = TypeVar("_R")

PATIENCE = 5.0
"""Seconds that a command has, after a TERM or HUP was passed on to it, before the run ends without it."""


class Signals(Speech):
    """Takes over the process's signals from `begin` to `end`; `_group` is that of the running command, if any."""

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self._group = 0
        self._signal = 0
        self._ending = False
        self._waiting = False
        self._old: dict[int, object] = {}

    def begin(self) -> None:
        """Take over the signals that end a shell, except those that were ignored when the process started."""
        for number in FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._old[number] = signal.signal(number, self.receive)
        # Ignored, it would take away the statuses of commands; bash does not leave it ignored either.
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._old[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._give_up)

    def end(self) -> None:
        """Give the signals back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._old.clear()

    def ending(self) -> None:
        """From here on only EXIT handlers run: as in bash, another signal does not disturb them."""
        self._ending = True
        self._signal = 0

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Pass a signal on to the running command.

        What follows is what bash does (jobs.c, sig.c): after INT it goes on unless the command died of it; TERM and
        HUP end the run in any case. Bash does not even wait for the command then; here it has `PATIENCE` seconds.
        """
        del frame
        if self._ending:
            return
        self._signal = self._signal or number
        if self._group:
            self._pass_on(number)

    def check(self) -> None:
        """Raise Interrupted if a signal came while no command was running."""
        if self._signal:
            raise Interrupted(self._signal)

    def _give_up(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._waiting:
            raise _GaveUp

    def _pass_on(self, number: int) -> None:
        _send(self._group, number)
        if number != signal.SIGINT:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def _patiently(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Wait with a function; after a signal that ends the run, only as long as it is worth."""
        self._waiting = True
        try:
            return function(*args, **kwargs)
        except _GaveUp:
            raise self._abandoned() from None
        finally:
            self._waiting = False

    def _abandoned(self) -> Interrupted:
        """Go on without a command that a signal does not end. Bash would not have waited at all."""
        self._complain(f"the running command does not end by {signal.Signals(self._signal).name}; going on without it")
        self._group = 0
        return Interrupted(self._signal)


class _GaveUp(BaseException):
    """The running command has used up the time that it had after a signal."""


def _send(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        pass  # it runs as somebody else (sudo), and bash could not have told it either
