"""Shell variables: values, export marks, and the scopes of functions, as bash keeps them.

Scoping is dynamic: a local variable is the variable, for everything that runs until its function ends. So a scope is
a list of what to put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class _Saved(NamedTuple):
    name: str
    value: str | None
    exported: bool
    array: tuple[str, ...] | None


class Snapshot(NamedTuple):
    """All variables at one moment; a subshell begins with it and is forgotten by going back to it."""

    values: dict[str, str]
    exported: set[str]
    arrays: dict[str, tuple[str, ...]]
    scopes: list[list[_Saved]]


class Variables(dict[str, str]):
    """The shell variables by name; those in `exported` are what commands get. An unset variable is no key.

    The exported environment is made only when something exported has changed. Bash does the same, and it shows: a
    local list hides an exported variable of that name only from the next such moment on (docs/bash.md#variables).
    """

    __slots__ = ("_environment", "_scopes", "_stale", "arrays", "exported")

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.exported = set(environment)
        self.arrays: dict[str, tuple[str, ...]] = {}
        self._scopes: list[list[_Saved]] = []
        self._environment: dict[str, str] | None = None
        self._stale = False

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name, value)
        if name in self.exported:
            self._environment = None

    def environment(self) -> dict[str, str]:
        """Return the exported environment; nobody changes the returned dictionary."""
        if self._environment is None:
            self._stale = False
            self._environment = self._made()
        return self._environment

    def fresh_environment(self) -> dict[str, str]:
        """Return the environment of a command that is all of a `$( )`: made anew, but only for that command."""
        return self._made() if self._stale else self.environment()

    def refresh(self) -> None:
        """Make the exported environment anew before the next command."""
        self._environment = None

    def export(self, name: str, value: str | None = None) -> None:
        """`export name=value`, or `export name` of whatever value it has or will get."""
        self.exported.add(name)
        self._environment = None
        if value is not None:
            super().__setitem__(name, value)

    def unexport(self, name: str) -> None:
        """`export -n name`: the value stays."""
        self.exported.discard(name)
        self._environment = None

    def unset(self, name: str) -> None:
        """`unset name`."""
        self.pop(name, None)
        self.arrays.pop(name, None)
        self.unexport(name)

    def array(self, name: str, words: tuple[str, ...]) -> None:
        """`name=(words)`: a list is never handed to a command, whatever was exported under its name."""
        self.unset(name)
        self.arrays[name] = words

    def push(self) -> None:
        """Begin the scope of a function."""
        self._scopes.append([])

    def pop_scope(self) -> None:
        """End the innermost scope: its locals go, what they hid is back."""
        for saved in reversed(self._scopes.pop()):
            self._put_back(saved)

    def local(self, name: str, value: str | None) -> None:
        """`local name=value`; it stays exported if it was. Without a value, the environment still shows the old one."""
        self._save(name)
        if value is not None:
            self[name] = value

    def local_array(self, name: str, words: tuple[str, ...]) -> None:
        """`local name=(words)`; hidden from commands once the environment is made anew."""
        self._save(name)
        self.pop(name, None)
        if name in self.exported:
            self.exported.discard(name)
            self._stale = True
        self.arrays[name] = words

    def temporary(self, assignments: Mapping[str, str]) -> None:
        """`name=value function`: exported for as long as the innermost scope lasts."""
        for name, value in assignments.items():
            self._save(name)
            self.export(name, value)

    def snapshot(self) -> Snapshot:
        """Return a copy of everything."""
        return Snapshot(dict(self), set(self.exported), dict(self.arrays), [list(scope) for scope in self._scopes])

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a copy made by `snapshot`; the copy is used up."""
        self.clear()
        self.update(snapshot.values)
        self.exported, self.arrays, self._scopes = snapshot.exported, snapshot.arrays, snapshot.scopes
        self._environment = None

    def _made(self) -> dict[str, str]:
        return {name: self[name] for name in self.exported if name in self}

    def _save(self, name: str) -> None:
        self._scopes[-1].append(_Saved(name, self.get(name), name in self.exported, self.arrays.get(name)))

    def _put_back(self, saved: _Saved) -> None:
        if saved.exported or saved.name in self.exported:
            self._environment = None
        (self.exported.add if saved.exported else self.exported.discard)(saved.name)
        if saved.value is None:
            self.pop(saved.name, None)
        else:
            super().__setitem__(saved.name, saved.value)
        if saved.array is None:
            self.arrays.pop(saved.name, None)
        else:
            self.arrays[saved.name] = saved.array
