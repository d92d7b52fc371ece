"""Files that the script itself reads, writes or looks for, without a command of its own."""

from __future__ import annotations

from ci_port.host.session.state import State
from ci_port.model import RunFailed


class Files(State):
    """Each method leaves its status, as the tool or the redirection would."""

    def read(self, path: str) -> str | None:
        """Return the text of a file that a pure tool or a redirection reads; None (status 1) if there is none."""
        text = self.host.read(self._absolute(path)) if path else None
        self.status = 1 if text is None else 0
        return text

    def write(self, path: str, text: str, *, append: bool = False) -> None:
        """`printf ... > path`, or `>>`: the script itself writes."""
        self.status = self.host.write(self._absolute(path), text, append=append) if path else 1
        self.settle()

    def realpath(self, path: str) -> str:
        """`$(realpath path)`: empty (status 1) if the part before the last does not exist.

        A path that looks like an option is one, and then there is no path: the tool fails. Raises RunFailed for the
        two that make it print something else.
        """
        if path.startswith("-") and path != "-":
            if any(len(path) > 2 and option.startswith(path) for option in ("--help", "--version")):
                raise RunFailed("realpath would print its help or version", self.place(), f"realpath {path}")
            self.status = 1
            return ""
        resolved = self.host.resolve(path if path.startswith("/") else f"{self.cwd}/{path}") if path else None
        self.status = 1 if resolved is None else 0
        return resolved or ""

    def command_v(self, name: str) -> str:
        """`$(command -v name)`: the path found through PATH; empty (status 1) if there is none."""
        ways = [f"{directory or '.'}/{name}" for directory in self.variables.get("PATH", "").split(":")]
        number = self.host.command(name, [self._absolute(path) for path in ways])
        self.status = 1 if number is None else 0
        return "" if number is None else ways[number]
