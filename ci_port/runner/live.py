"""Running the port for real: from its first command on there is no way back to the script."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from ci_port.host import Exit, Interrupted, Session, Stop
from ci_port.host.live import LiveHost
from ci_port.runner.describe import describe, in_full
from ci_port.runner.signals import as_inherited, as_python

FAILED = 70
"""The port itself failed after its first command."""


class NothingHasRun(Exception):
    """The port failed before its first command. The script can still take over."""

    cause = "failure"


class Ended(NamedTuple):
    """How a run ended; `signal` is the one that the process has to die of, 0 if none."""

    status: int
    signal: int
    steps: int
    step_seconds: tuple[float, ...]


def run(program: Callable[[Session], None], environment: Mapping[str, str], host: LiveHost, script: str) -> Ended:
    """Run a program to its end, EXIT handlers included; raises NothingHasRun if it failed before any effect."""
    return _Run(program, environment, host, script).to_the_end()


class _Run:
    def __init__(
        self, program: Callable[[Session], None], environment: Mapping[str, str], host: LiveHost, script: str
    ) -> None:
        self._program = program
        self._environment = environment
        self._host = host
        self._script = script
        self._signal = 0
        self._failed = False

    def to_the_end(self) -> Ended:
        as_inherited()
        self._host.begin()
        try:
            status = self._status()
        finally:
            self._host.end()
            as_python()
        if self._failed:
            status = FAILED
        if self._signal:
            status = 128 + self._signal
        return Ended(status, self._signal, self._host.steps, tuple(self._host.seconds))

    def _status(self) -> int:
        """Return the status; an interrupted or broken program still gets its EXIT handlers, which clean up."""
        try:
            here = _directory(self._environment.get("PWD"))
            self._host.stay_in(here)
            session = Session(self._host, self._environment, here)
            status = session.complete(self._guarded)
            self._host.check()
            return status
        except Interrupted as interrupted:
            self._signal = interrupted.number
            return 0
        except NothingHasRun:
            raise
        except Exception as error:  # noqa: BLE001  # in a handler; the others have had their turn or not, as in bash
            self._explain(error)
            return FAILED

    def _guarded(self, session: Session) -> None:
        try:
            self._program(session)
        except Stop:
            raise
        except Interrupted as interrupted:
            self._signal = interrupted.number
            raise Exit(128 + interrupted.number) from None
        except BaseException as error:
            if not self._host.steps:
                raise NothingHasRun(f"the port failed before its first command: {describe(error)}") from error
            self._explain(error)
            raise Exit(FAILED) from None

    def _explain(self, error: BaseException) -> None:
        self._failed = True
        text = (
            f"{in_full(error)}ci-port: the port itself failed, after {self._host.steps} steps. Commands have run, so "
            f"the script must not simply follow. To run this job with the script, start it again with\n"
            f"  bash {self._script}\n"
        )
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            pass


def _directory(pwd: str | None) -> str:
    """Return the current directory as bash has it: `PWD` if that leads here, through links or not."""
    if pwd and pwd.startswith("/"):
        with suppress(OSError):
            if os.path.samefile(pwd, "."):
                return pwd
    return os.getcwd()
