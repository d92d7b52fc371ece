"""Variables and lists, as items and as the builtins that declare them (bash manual, "Shell Parameters", "Arrays")."""

from __future__ import annotations

from collections.abc import Iterable

from ci_port.host.session.state import State


class Parameters(State):
    """Variables are items; an unset one reads as empty."""

    def __getitem__(self, name: str) -> str:
        """`"$name"`."""
        return self.variables.get(name, "")

    def __setitem__(self, name: str, value: str) -> None:
        """`name=value`: reaches commands only if the name was exported before."""
        self.variables[name] = value
        self.status = 0

    def assign(self, name: str, value: str) -> None:
        """`name=$(...)`: set the variable to what was captured just now, then stop if the capture failed."""
        self.variables[name] = value
        self.settle()

    def export(self, **assignments: str) -> None:
        """`export NAME=value ...`."""
        for name, value in assignments.items():
            self.variables.export(name, value)
        self.status = 0

    def mark_for_export(self, name: str) -> None:
        """`export NAME`: an unset variable stays absent."""
        self.variables.export(name)
        self.status = 0

    def unexport(self, name: str) -> None:
        """`export -n NAME`: it keeps its value, but no longer reaches commands."""
        self.variables.unexport(name)

    def unset(self, name: str) -> None:
        """`unset NAME`."""
        self.variables.unset(name)

    def local(self, **assignments: str | None) -> None:
        """`local name=value ...`; None declares without a value."""
        for name, value in assignments.items():
            self.variables.local(name, value)
        self.status = 0

    def local_array(self, name: str, words: Iterable[str] = ()) -> None:
        """`local name=(words)`."""
        self.variables.local_array(name, tuple(words))
        self.status = 0

    def set_array(self, name: str, words: Iterable[str] = ()) -> None:
        """`name=(words)`: lists never reach commands."""
        self.variables.array(name, tuple(words))

    def array(self, name: str) -> tuple[str, ...]:
        """`"${name[@]}"`."""
        return self.variables.arrays.get(name, ())
