"""Signals as bash takes them (its sig.c and jobs.c): which of them end it and when, and what its commands get.

From `begin` to `end` those that end a shell are blocked, and taken where bash looks for them: between commands, and
while it waits for one. So nothing is interrupted halfway, and what the system itself sends because of a fault in this
process still ends it at once.
"""

from __future__ import annotations

import os
import select
import signal
from typing import NamedTuple

from ci_port.host.seam import Interrupted

ENDING = frozenset(
    (
        *(signal.SIGHUP, signal.SIGINT, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE),
        *(signal.SIGUSR1, signal.SIGSEGV, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGTERM),
        *(signal.SIGXCPU, signal.SIGXFSZ, signal.SIGVTALRM, signal.SIGSYS),
    )
)
"""Those that end bash after its EXIT handlers. Any other ends it at once, but for QUIT, which it ignores."""

SLICE = 50
"""Milliseconds between two looks for a signal while the output of a command is read."""

_BLOCK = 65536


class Inherited(NamedTuple):
    """What the parent left to this process, and what every command gets."""

    ignored: frozenset[int]
    blocked: frozenset[int]


class Signals:
    """Takes over the process's signals from `begin` to `end`."""

    def __init__(self) -> None:
        self._inherited = Inherited(frozenset(), frozenset())
        self._taken: frozenset[int] = frozenset()
        self._old: dict[int, object] = {}

    def begin(self) -> None:
        """Take over the signals that end a shell, but for those that the parent has ignored or blocked."""
        blocked = frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        ignored = frozenset(number for number in signal.valid_signals() if signal.getsignal(number) is signal.SIG_IGN)
        self._inherited = Inherited(ignored, blocked)
        self._taken = ENDING - ignored - blocked
        # A signal that Python has a handler for would be Python's.
        for number in self._taken:
            self._old[number] = signal.signal(number, signal.SIG_DFL)
        # Ignored, it would take away the statuses of commands.
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._old[signal.SIGQUIT] = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {*self._taken, signal.SIGCHLD})

    def end(self) -> None:
        """Give the signals back."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._inherited.blocked)
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._old.clear()

    def check(self) -> None:
        """Raise Interrupted if a signal came while no command was running."""
        if number := self._came():
            raise Interrupted(number)

    def _came(self) -> int:
        """Take a signal that has come, if any."""
        found = signal.sigtimedwait(self._taken, 0) if self._taken else None
        return found.si_signo if found else 0

    def _next(self) -> int:
        """Wait until a signal comes, or a command ends (CHLD)."""
        return signal.sigwait({*self._taken, signal.SIGCHLD})

    def _broken_pipe(self) -> None:
        """Nobody reads what is said: raise Interrupted, but where the parent has ignored or blocked that signal."""
        if signal.SIGPIPE in self._taken:
            signal.sigtimedwait({signal.SIGPIPE}, 0)
            raise Interrupted(signal.SIGPIPE)

    def _wait_for(self, pid: int) -> int:
        """Wait for a command; return its exit status, or minus the signal that it died of.

        Raises Interrupted at once for any signal but INT: bash does not wait for the command then. For INT only if the
        command has died of it; if not, it has dealt with it.
        """
        interrupted = False
        while (code := _ended(pid)) is None:
            interrupted |= self._is_int(self._next())
        interrupted |= self._is_int(self._came())
        if interrupted and code == -signal.SIGINT:
            raise Interrupted(signal.SIGINT)
        return code

    def _wait_for_reader(self, pid: int, reader: int) -> tuple[bytes, int]:
        """Read all that a command writes and wait for it; raises Interrupted at once, for INT when it has ended."""
        parts: list[bytes] = []
        interrupted = False
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        while not parts or parts[-1]:
            if poll.poll(SLICE):
                parts.append(os.read(reader, _BLOCK))
            interrupted |= self._is_int(self._came())
        code = self._wait_for(pid)
        if interrupted:
            raise Interrupted(signal.SIGINT)
        return b"".join(parts), code

    def _wait_for_shell(self, pid: int) -> int:
        """Wait for a bash that runs a part of the script: what would end this process is for that one.

        Raises Interrupted once it has ended, for INT only if it has died of it. INT is not passed on: it is as good as
        always sent to all, and a second one would end that bash where its command has dealt with the first.
        """
        last = 0
        while (code := _ended(pid)) is None:
            number = self._next()
            if number != signal.SIGCHLD:
                last = number
                if number != signal.SIGINT:
                    os.kill(pid, number)
        last = self._came() or last
        if last and (last != signal.SIGINT or code == -signal.SIGINT):
            raise Interrupted(last)
        return code

    def _is_int(self, number: int) -> bool:
        """Return whether a signal is INT; raises Interrupted for any other that ends a shell."""
        if number not in (0, signal.SIGINT, signal.SIGCHLD):
            raise Interrupted(number)
        return number == signal.SIGINT


def _ended(pid: int) -> int | None:
    """Return how a child ended; None while it runs."""
    found, how = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(how) if found else None
