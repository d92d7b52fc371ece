"""EXIT handlers, and a script from its first command to the end of the last of them (bash manual, `trap`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from ci_port.host.session.state import State
from ci_port.host.session.stops import Stop

_Shell = TypeVar("_Shell", bound="Traps")


class Traps(State):
    """What runs when the script ends."""

    def trap_exit(self: _Shell, handler: Callable[[_Shell], None]) -> None:
        """Append to the EXIT handlers."""
        self._handlers.append(functools.partial(handler, self))

    def complete(self: _Shell, program: Callable[[_Shell], None]) -> int:
        """Run a whole script, then its EXIT handlers; return the exit status (docs/bash.md#exit-handlers)."""
        try:
            program(self)
            status = self.status
        except Stop as stop:
            status = stop.status
        self._excused = False
        self._stdin = None
        self.functions.clear()
        try:
            for handler in self._handlers:
                handler()
        except Stop as stop:
            return stop.status
        return status
