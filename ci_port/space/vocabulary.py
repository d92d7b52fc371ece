"""The words that a script's own conditions look for: what random environments are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from ci_port.model import Compare, Condition, Contains, Equals, Matches


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """For each variable that some condition looks at: the texts that conditions look for, and which are numbers."""

    fragments: Mapping[str, tuple[str, ...]]
    numbers: frozenset[str]


def vocabulary(conditions: Iterable[Condition]) -> Vocabulary:
    """Return the vocabulary of the conditions, variables and texts in alphabetical order.

    Special parameters (`$1`, `$@`) are left out: no environment sets them.
    """
    found: dict[str, set[str]] = {}
    numbers: set[str] = set()
    for atom in (atom for condition in conditions for atom in atoms(condition)):
        for name in filter(str.isidentifier, atom.variables()):
            found.setdefault(name, set()).update(_fragments(atom))
        if isinstance(atom, Compare):
            numbers.add(atom.variable)
    return Vocabulary({name: tuple(sorted(texts)) for name, texts in sorted(found.items())}, frozenset(numbers))


def atoms(condition: Condition) -> Iterator[Condition]:
    """Yield the tests that a condition is made of, without the words that join them."""
    parts = list(_parts(condition))
    if not parts and condition.variables():
        yield condition
    for part in parts:
        yield from atoms(part)


def _parts(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that this one joins or negates: whatever its class, they stand in its fields."""
    for field in fields(condition):  # type: ignore[arg-type]  # every condition is a dataclass
        value = getattr(condition, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Condition):
                yield part


def _fragments(atom: Condition) -> Iterator[str]:
    if isinstance(atom, (Contains, Equals)):
        yield atom.text
    elif isinstance(atom, Matches):
        yield from (piece for piece in atom.glob.replace("?", "*").split("*") if piece)
    elif isinstance(atom, Compare):
        yield from (str(atom.number + step) for step in (-1, 0, 1))
