"""The words that a script's own conditions look for: what random environments are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ci_port.bash.names import is_name
from ci_port.model import Compare, Condition, Contains, Equals, Matches, atoms


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
        for name in filter(is_name, atom.variables()):
            found.setdefault(name, set()).update(_fragments(atom))
        if isinstance(atom, Compare):
            numbers.add(atom.variable)
    return Vocabulary({name: tuple(sorted(texts)) for name, texts in sorted(found.items())}, frozenset(numbers))


def _fragments(atom: Condition) -> Iterator[str]:
    if isinstance(atom, (Contains, Equals)):
        yield atom.text
    elif isinstance(atom, Matches):
        yield from (piece for piece in atom.glob.replace("?", "*").split("*") if piece)
    elif isinstance(atom, Compare):
        yield from (str(atom.number + step) for step in (-1, 0, 1))
