"""Which branches real runs took, and what their tests came to, from the recorder's record of what the shell started.

What the record does not tell is not guessed: it counts as neither taken nor not taken, neither true nor false.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ci_port.model import Branch, Observation
from ci_port.shell.conditions import Decision, leaves
from ci_port.shell.decided import Courses, Decided, Key
from ci_port.shell.inventory import Inventory
from ci_port.shell.values import Values

Vector = tuple[Values, bool]
"""One evaluation of a decision: the value of each of its tests (None: not evaluated), and the outcome."""


@dataclass(frozen=True)
class Run:
    """What one run showed: which branch was decided how, in order, and the branches that it may have taken besides."""

    decided: tuple[Decided, ...]
    unseen: frozenset[Key]

    @cached_property
    def taken(self) -> frozenset[Key]:
        """The branches that were taken at least once."""
        return frozenset(one.branch for one in self.decided if one.taken)

    @cached_property
    def passed(self) -> frozenset[Key]:
        """The branches that were passed by at least once."""
        return frozenset(one.branch for one in self.decided if not one.taken)

    @property
    def vectors(self) -> Mapping[Key, frozenset[Vector]]:
        """The evaluations of each decision, as far as they are known."""
        found: dict[Key, set[Vector]] = defaultdict(set)
        for one in self.decided:
            if one.values is not None:
                found[one.branch].add((one.values, one.outcome))
        return {key: frozenset(vectors) for key, vectors in found.items()}


@dataclass(slots=True)
class AtomCoverage:
    """One test of a decision over all runs; `decides`: it was shown to change the outcome on its own (MC/DC).

    `unseen`: some evaluations of the decision did not show what its tests came to.
    """

    text: str
    true: bool = False
    false: bool = False
    decides: bool = False
    unseen: bool = False


@dataclass(slots=True)
class BranchCoverage:
    """One branch over all runs: how many took it, passed it by, and may have taken it without that being seen."""

    taken: int = 0
    passed: int = 0
    unseen: int = 0
    tests: list[AtomCoverage] = field(default_factory=list)


@dataclass(slots=True)
class Coverage:
    """All branches over a named set of environments."""

    name: str
    runs: int
    branches: dict[Key, BranchCoverage]
    failed: list[str] = field(default_factory=list)


class Reader:
    """Reads what runs of one script showed, its sourced files included."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.directory = Path(inventory.file).parent
        self.files = {self.name_of(file): file for file in inventory.every()}

    @cached_property
    def _courses(self) -> Courses:
        return Courses(self.files)

    def name_of(self, file: Inventory) -> str:
        """Return the file's name as seen from the script's directory."""
        path = Path(file.file)
        return str(path.relative_to(self.directory)) if path.is_relative_to(self.directory) else str(path)

    def every_branch(self) -> Iterator[tuple[Key, Inventory, Branch]]:
        """Yield every branch."""
        for name, file in self.files.items():
            for branch in file.branches:
                yield (name, branch.id), file, branch

    def run(self, observation: Observation) -> Run:
        """Return what a run showed; raises ValueError for one whose course was not recorded."""
        if observation.course is None:
            raise ValueError("the course of this run was not recorded")
        return Run(*self._courses.read(observation.course))

    def coverage(self, name: str, runs: Iterable[Run]) -> Coverage:
        """Return what many runs showed together."""
        count = 0
        found: dict[Key, BranchCoverage] = {key: BranchCoverage() for key, _, _ in self.every_branch()}
        vectors: dict[Key, set[Vector]] = defaultdict(set)
        untold: set[Key] = set()
        for run in runs:
            count += 1
            for key in run.taken:
                found[key].taken += 1
            for key in run.passed - run.taken:
                found[key].passed += 1
            for key in run.unseen:
                found[key].unseen += 1
            for key, seen in run.vectors.items():
                vectors[key] |= seen
            untold |= {one.branch for one in run.decided if one.values is None} | run.unseen
        for key, file, branch in self.every_branch():
            if branch.id in file.decisions:
                found[key].tests = _tests(file.decisions[branch.id], vectors[key], key in untold)
        return Coverage(name, count, found)


def _tests(decision: Decision, vectors: Iterable[Vector], unseen: bool) -> list[AtomCoverage]:
    seen = list(vectors)
    result = []
    for index, test in enumerate(leaves(decision)):
        values = {values[index] for values, _ in seen}
        result.append(AtomCoverage(test.text, True in values, False in values, _decides(index, seen), unseen))
    return result


def _decides(index: int, vectors: Iterable[Vector]) -> bool:
    """Return whether two evaluations differ in this test and the outcome, and in no other test that both evaluated."""
    yes = [(values, outcome) for values, outcome in vectors if values[index] is True]
    no = [(values, outcome) for values, outcome in vectors if values[index] is False]
    return any(
        outcome is not other_outcome
        and all(i == index or a is None or b is None or a is b for i, (a, b) in enumerate(zip(one, other, strict=True)))
        for one, outcome in yes
        for other, other_outcome in no
    )
