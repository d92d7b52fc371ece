"""Tests of variables and of files (bash manual, "Bash Conditional Expressions")."""

from __future__ import annotations

from ci_port.host.session.state import State
from ci_port.model import Condition


class Conditions(State):
    """`[[ ]]` of variables is a `Condition`; each test of a file is a method."""

    def test(self, condition: Condition) -> bool:
        """`[[ condition ]]`."""
        self.status = 0
        return condition.holds(self.variables)

    def is_file(self, path: str) -> bool:
        """`[ -f path ]`."""
        return bool(path) and self.host.is_file(self._absolute(path))

    def is_dir(self, path: str) -> bool:
        """`[ -d path ]`."""
        return bool(path) and self.host.is_dir(self._absolute(path))

    def exists(self, path: str) -> bool:
        """`[ -e path ]`."""
        return bool(path) and self.host.exists(self._absolute(path))

    def is_executable(self, path: str) -> bool:
        """`[ -x path ]` of a file."""
        return bool(path) and self.host.is_executable(self._absolute(path))

    def is_link(self, path: str) -> bool:
        """`[ -L path ]`."""
        return bool(path) and self.host.is_link(self._absolute(path))

    def has_content(self, path: str) -> bool:
        """`[ -s path ]`."""
        return bool(path) and (self.is_dir(path) or bool(self.host.read(self._absolute(path))))
