"""One run of bash: started, watched, and ended together with all that it has started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Sequence

from ci_port.dryrun import layout
from ci_port.dryrun.control import Control
from ci_port.dryrun.cores import on_one_core
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.scratch import Scratch
from ci_port.dryrun.tree import Tree

_TICK = 0.05
# Signals that end a run from outside, or because bash cannot go on, unless the script itself sends them.
_CRASHES = frozenset((signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS))
_ENDED = _CRASHES | {signal.SIGKILL, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ}


class RunEnded(Exception):
    """The run was ended; the message says why."""


class Abandoned(Exception):
    """Nobody waits for the answer any more: the recorder's own process has closed the stream, or has ended."""


class Supervisor:
    """Runs bash, one run at a time."""

    def __init__(self, bash: str, scratch: Scratch, control: Control, tree: Tree, limits: Limits) -> None:
        """Take the program, and what the runs use: the files, the shared file, the tree, and how much of all."""
        self._bash = bash
        self._scratch = scratch
        self._control = control
        self._tree = tree
        self._limits = limits

    def run(self, argv: Sequence[str], umask: int = 0o022) -> int:
        """Run bash to its end and return its exit status; raises RunEnded at a limit. No process is left behind."""
        deadline = time.monotonic() + self._limits.seconds
        pid = self._start(argv, umask)
        try:
            code = self._wait(pid, deadline)
            self._control.ended(code if code >= 0 else 128 - code)
            self._control.end_background()
            self._wait_for_rest(deadline)
            self._check_sizes()
        except (RunEnded, Abandoned):
            self._kill_all(pid)
            raise
        if code >= 0:
            return code
        if -code in _ENDED and not self._control.sent(-code):
            raise RunEnded(f"bash was ended by signal {-code} ({signal.strsignal(-code)})")
        return 128 - code

    def said(self, fd: int, most: int) -> str:
        """Return the last bytes of what was printed on an output; where it is cut, it begins with a whole line."""
        with open(self._scratch.output(fd), "rb") as file:
            left_out = max(0, os.fstat(file.fileno()).st_size - most)
            file.seek(left_out)
            text = file.read()
        _, newline, whole = text.partition(b"\n")
        return os.fsdecode(whole if left_out and newline else text)

    def _start(self, argv: Sequence[str], umask: int) -> int:
        os.umask(umask)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        with on_one_core():
            return os.posix_spawn(
                self._bash,
                list(argv),
                {"LD_PRELOAD": self._scratch.library, layout.CONTROL_VARIABLE: self._scratch.control},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, self._scratch.stdin, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, self._scratch.output(1), flags, 0o600),
                    (os.POSIX_SPAWN_OPEN, 2, self._scratch.output(2), flags, 0o600),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=[
                    number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)
                ],
            )

    def _wait(self, pid: int, deadline: float) -> int:
        fd = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            while not poll.poll(_TICK * 1000):
                self._check(deadline)
        finally:
            os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _wait_for_rest(self, deadline: float) -> None:
        """Let background jobs end that the script did not wait for: their commands are part of the plan."""
        delay = 0.0005
        with contextlib.suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    self._check(deadline)
                    time.sleep(delay)
                    delay = min(2 * delay, _TICK)

    def _check(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise RunEnded(f"the run takes more than {self._limits.seconds:g} seconds")
        if is_closed(sys.stdin.fileno()):
            raise Abandoned
        self._check_sizes()

    def _check_sizes(self) -> None:
        most = self._limits.output
        if max(os.path.getsize(self._scratch.output(fd)) for fd in (1, 2)) >= most:
            raise RunEnded(f"the run prints more than {most} bytes")
        if self._control.dirty and self._tree.written(self._control.touched()) >= most:
            raise RunEnded(f"the run writes more than {most} bytes into files")

    def _kill_all(self, pid: int) -> None:
        """End every descendant: those that lose their parent become children of this process and go next."""
        self._control.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                for child in _children():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                os.waitpid(-1, 0)


def is_closed(fd: int) -> bool:
    """Return whether the other end of a pipe is closed."""
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
