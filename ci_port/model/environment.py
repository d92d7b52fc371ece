"""`Environment`: the variables of a run, frozen. Unset is not empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Environment(Mapping[str, str]):
    """A frozen, hashable mapping from variable names to values.

    Values are text; bytes that are not UTF-8 are held as surrogate escapes (PEP 383), as `os.environ` does.
    """

    __slots__ = ("_hash", "_values")

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        """Take the variables; raises ValueError for a name or a value that no environment can hold."""
        copy = dict(values or {})
        for name, value in copy.items():
            if not name or "=" in name or "\0" in name:
                raise ValueError(f"not a variable name: {name!r}")
            if "\0" in value:
                raise ValueError(f"the value of {name} contains a NUL byte")
        self._values = copy
        self._hash: int | None = None

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._values.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._values == dict(other)

    def __repr__(self) -> str:
        return f"Environment({self._values!r})"

    def overlaid(self, changes: Mapping[str, str | None]) -> Environment:
        """Return this environment with `changes` laid over it; `None` removes a variable."""
        merged = {**self._values, **changes}
        return Environment({name: value for name, value in merged.items() if value is not None})

    def changes_to(self, other: Mapping[str, str]) -> dict[str, str | None]:
        """Return the overlay that turns this environment into `other`, sorted by name."""
        names = sorted(self._values.keys() | other.keys())
        return {name: other.get(name) for name in names if self._values.get(name) != other.get(name)}
