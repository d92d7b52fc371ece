"""The current directory (bash manual, `cd`, "Directory Stack Builtins")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ci_port.bash.paths import absolute
from ci_port.host.session.state import State


class Directories(State):
    """Where commands run, as a logical path."""

    def cd(self, directory: str) -> None:
        """`cd directory`; stop if there is none."""
        target = absolute(directory, self.cwd) if directory else self.cwd
        if self.host.enter(target):
            self.previous, self.cwd = self.cwd, target
            self.variables.refresh()
            self.status = 0
        else:
            self.status = 1
            self.settle()

    @contextmanager
    def pushd(self, directory: str) -> Iterator[None]:
        """`pushd directory ... popd`. Whoever stops inside leaves no popd: the handlers run in that directory."""
        before = self.cwd
        self.cd(directory)
        self._directories.append(before)
        yield
        self.cd(self._directories.pop())
