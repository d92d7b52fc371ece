"""Signals of the runner's own process: as its parent left them, as Python needs them, and dying of one."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ)
"""Those that Python ignores for itself, without telling what they were before."""

IGNORED = "ci_port_ignored"
"""The option (`-X`) with which the bundle's first lines tell it: the mask SigIgn of proc_pid_status(5)."""


def as_inherited() -> None:
    """Have them as the parent left them: what is ignored stays ignored in commands.

    Where nobody tells, they are taken to have been as usual.
    """
    told = str(sys._xoptions.get(IGNORED) or "")
    mask = int(told, 16) if told.isalnum() and not set(told.lower()) - set("0123456789abcdef") else 0
    for number in PYTHONS:
        signal.signal(number, signal.SIG_IGN if mask >> number - 1 & 1 else signal.SIG_DFL)


def as_python() -> None:
    """Have them as Python needs them: a reader that has gone is an error like any other."""
    for number in PYTHONS:
        signal.signal(number, signal.SIG_IGN)


def die(number: int) -> NoReturn:
    """End this process by a signal, as bash ends, so that whoever waits for it sees the same."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # if the signal is blocked
