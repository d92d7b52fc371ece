"""What a shell keeps between commands, and what follows from a status that is not 0."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager

from ci_port.bash.variables import imported
from ci_port.host.seam import Host, Stream
from ci_port.host.session.stops import Failed
from ci_port.host.session.variables import Variables
from ci_port.model import Place

Environ = Mapping[str, str]


class State:
    """Variables, directory, `$?`, whether a failure stops, EXIT handlers: what every part of a session stands on."""

    def __init__(self, host: Host, environment: Environ, directory: str, args: Sequence[str] = ()) -> None:
        self.host = host
        self.args = tuple(args)
        """`"$@"` of the script."""
        self.variables = Variables(imported(environment))
        self.cwd = directory
        self.previous = self._previous()
        self.status = 0
        self.functions: list[str] = []
        self._directories: list[str] = []
        self._handlers: list[Callable[[], None]] = []
        self._excused = False
        self._stdin: Stream | None = None

    def _previous(self) -> str | None:
        """Return the `OLDPWD` that was inherited; one that is no directory is unset."""
        previous = self.variables.get("OLDPWD")
        if previous is None or (previous and self.host.is_dir(self._absolute(previous))):
            return previous
        self.variables.unset("OLDPWD")
        return None

    def settle(self, status: int | None = None) -> None:
        """Stop if the last command (or what ended with `status`) failed where nothing excuses it."""
        if status is not None:
            self.status = status
        if self.status and not self._excused:
            raise Failed(self.status)

    def place(self) -> Place:
        """Return where the port is: the innermost line outside the machinery, and the functions, innermost first."""
        frame = sys._getframe(1)
        while (name := _NAMES[frame.f_code.co_filename]) is None and frame.f_back is not None:
            frame = frame.f_back
        return Place(name or frame.f_code.co_filename, frame.f_lineno, tuple(reversed(self.functions)))

    def _absolute(self, path: str) -> str:
        """Return a path as the kernel is given it: links and `..` in it are not looked at."""
        return path if path.startswith("/") else f"{self.cwd.rstrip('/')}/{path}"


# As the code itself names its file: in an archive, `__file__` is another.
_HOST = os.path.dirname(os.path.dirname(State.place.__code__.co_filename))
_ROOT = os.path.join(os.path.dirname(os.path.dirname(_HOST)), "")


class _Names(dict[str, "str | None"]):
    """How a place names each source file; None for the machinery: this room, and what is behind `with`.

    A place is asked for at every step, so each file is looked at once.
    """

    def __missing__(self, file: str) -> str | None:
        machinery = file.startswith(_HOST + os.sep) or file == contextmanager.__code__.co_filename
        self[file] = name = None if machinery else file.removeprefix(_ROOT)
        return name


_NAMES = _Names()
