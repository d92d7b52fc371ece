"""What a shell says on standard error."""

from __future__ import annotations

import os

from ci_port.host.live.signals import Signals

STDIN, STDOUT, STDERR = range(3)


class Speech(Signals):
    """Speaks under the name of the script."""

    def __init__(self, script: str) -> None:
        super().__init__()
        self._script = script
        self._prefix = f"{script}: "

    def _complain(self, message: str) -> None:
        self._say_on_stderr(self._prefix + message)

    def _say_on_stderr(self, line: str) -> None:
        try:
            write(STDERR, line + "\n")
        except BrokenPipeError:
            self._broken_pipe()
        except OSError:
            pass  # nobody can be told, and bash does not mind either


def write(fd: int, text: str) -> None:
    """Write all of the text into a descriptor; raises OSError."""
    data = os.fsencode(text)
    while data:
        data = data[os.write(fd, data) :]
