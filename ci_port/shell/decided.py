"""Which branch was decided how, in order: the course of a run, read along the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ci_port.model.observation import Course
from ci_port.shell import tree
from ci_port.shell.flow import Apart, Chosen, Entered, Flow, Unshown, Valued
from ci_port.shell.flows import Flows
from ci_port.shell.inventory import Inventory
from ci_port.shell.paths import Came, Forked, Found, Gap, Passed, Paths, Placed, Way
from ci_port.shell.positions import File
from ci_port.shell.runs import Event, Run, runs_of
from ci_port.shell.values import Ended, Values, Variables, value_of, values_of

Key = tuple[str, str]
"""A branch: the file's name beside the script, and the branch's id."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A branch was taken or passed by.

    `values` are those of its tests where it has any and they are known; they come to `outcome`, which `until` goes
    against.
    """

    branch: Key
    taken: bool
    values: Values | None = None
    outcome: bool = False


class _Text:
    """What is to know of one file."""

    def __init__(self, name: str, inventory: Inventory) -> None:
        self.name = name
        self.inventory = inventory
        self.branches = {branch.id: branch for branch in inventory.branches}
        self.evaluations: dict[object, Values | None] = {}

    @cached_property
    def flows(self) -> Flows:
        return Flows(File(self.inventory.source.text), self.inventory.arms)

    def unit(self, run: Run) -> list[Flow]:
        """Return the flows that a run may be one through, going by its name."""
        return self.flows.of_script() if _is_of_script(run) else self.flows.of_function(run.function)

    def branches_of(self, run: Run) -> Iterator[Key]:
        """Yield all branches of the function or file that a run belongs to."""
        function = None if _is_of_script(run) else run.function
        return ((self.name, branch.id) for branch in self.inventory.branches if branch.function == function)

    def consistent(self, way: Way) -> bool:
        """Return whether a way agrees with the values of variables and with the statuses that commands left."""
        return self._selects(way) and self._succeeds(way)

    def _selects(self, way: Way) -> bool:
        """Whether the arms of each `case` are those that the variables select."""
        variables: Variables | None = None
        for entry in way:
            if isinstance(entry, Came):
                is_case = isinstance(entry.spot.member.node, tree.Case)
                variables = entry.event.started.variables if is_case else None
            elif isinstance(entry, Passed) and isinstance(entry.mark, Chosen):
                branch = self.branches[entry.mark.branch]
                if branch.kind == "case" and branch.condition is not None:
                    if value_of(branch.condition, variables) is (not entry.mark.taken):
                        return False
                    variables = None if entry.mark.taken else variables
        return True

    def _succeeds(self, way: Way) -> bool:
        """Whether what comes first in an arm, or in the next condition, finds the status that has led there."""
        value: bool | None = None
        arrives = False
        for entry in way:
            if isinstance(entry, Came):
                if arrives and entry.tells and value is not None and (entry.event.started.status == 0) is not value:
                    return False
                value, arrives = None, False
            elif isinstance(entry, Passed):
                if isinstance(entry.mark, Valued):
                    value, arrives = entry.mark.value, False
                elif isinstance(entry.mark, Unshown):
                    value, arrives = None, False
                elif isinstance(entry.mark, Chosen):
                    hands_on = self.branches[entry.mark.branch].kind not in ("for", "case")
                    value, arrives = value if hands_on else None, entry.mark.taken
                elif self.branches[entry.mark.branch].kind == "elif":
                    arrives = True
            else:
                value, arrives = None, False
        return True

    def values(self, branch: str, ended: tuple[Ended, ...], outcome: bool) -> Values | None:
        """Return what the tests of a decision came to; the same is asked again and again."""
        key = (branch, outcome, tuple((mark, tuple((variables or {}).items())) for mark, variables in ended))
        if key not in self.evaluations:
            self.evaluations[key] = values_of(self.inventory.decisions[branch], ended, outcome)
        return self.evaluations[key]


def _is_of_script(run: Run) -> bool:
    """Return whether a run is one through a file, and not through a function of it."""
    return run.function == "source" or (run.function in ("main", "") and run.level - run.evals <= 1)


class Courses:
    """Reads the courses of runs of one script and the files that it sources, each by its name."""

    def __init__(self, files: Mapping[str, Inventory]) -> None:
        self.texts = {name: _Text(name, file) for name, file in files.items()}

    def read(self, course: Course) -> tuple[tuple[Decided, ...], frozenset[Key]]:
        """Return which branch was decided how, in order, and the branches that may have been taken besides."""
        return _Reading(self.texts, course).all()


class _Reading:
    """One course."""

    def __init__(self, texts: Mapping[str, _Text], course: Course) -> None:
        self.course = course
        self.texts = texts
        self.named: dict[str, _Text | None] = {}
        self.paths: dict[str, Paths] = {}
        self.found: dict[Run, Found | None] = {}
        self.places: dict[Run, list[Placed]] = {}
        self.unseen: set[Key] = set()

    def all(self) -> tuple[tuple[Decided, ...], frozenset[Key]]:
        decided: list[tuple[float, int, Decided]] = []
        for run in runs_of(self.course.started):
            text = self.text_of(run)
            found = self.result(run)
            if text is None or run.read:
                continue
            if found is None or found.torn:
                self.unseen |= set(text.branches_of(run))
            if found is not None:
                self.unseen |= {(text.name, branch) for branch in found.maybe}
                decided += ((time, -run.level, one) for time, one in _decided(found, text))
        self.unseen |= {(text.name, branch) for text in self.texts.values() for branch in text.flows.silent}
        if self.course.cut:
            self.unseen |= {(text.name, branch) for text in self.texts.values() for branch in text.branches}
        decided.sort(key=lambda one: one[:2])
        ordered = tuple(one for _, _, one in decided)
        return ordered, frozenset(self.unseen - {one.branch for one in ordered if one.taken})

    def text_of(self, run: Run) -> _Text | None:
        if run.file not in self.named:
            fits = (text for name, text in self.texts.items() if run.file == name or run.file.endswith("/" + name))
            self.named[run.file] = next(fits, None)
        return self.named[run.file]

    def result(self, run: Run) -> Found | None:
        if run not in self.found:
            self.found[run] = found = self.look(run)
            self.places.update(found.children if found else {})
        return self.found[run]

    def places_of(self, run: Run) -> list[Placed]:
        """Return where the first run of a process may stand."""
        assert run.above is not None
        return self.places.get(run, []) if self.result(run.above) else []

    def look(self, run: Run) -> Found | None:
        text = self.text_of(run)
        if text is None or run.read:
            return None
        if run.above is None:
            places = [Placed(flow, Apart()) for flow in text.unit(run) if self.paths_of(text).fits(flow, run)]
        else:
            places = self.places_of(run)
            # What `eval` reads in a process of its own does not stand in the text.
            read = bool(places) and all(placed.flow is None for placed in places)
            read = read and any(isinstance(one, Event) for one in run.items)
            run.read = run.above.read or read
        found = [self.along(run, text, placed) for placed in places if not run.read]
        return _agreed(found)

    def along(self, run: Run, text: _Text, placed: Placed) -> Found | None:
        """Return what is sure of a run that stands in this place."""
        if placed.flow is None:
            return Found(whole=True)
        inner = self.result(run.inner) if run.inner else None
        inner_whole = run.inner is None or (inner is not None and inner.whole)
        return self.paths_of(text).find(placed.flow, run, self.apart(run), inner_whole, text.consistent)

    def paths_of(self, text: _Text) -> Paths:
        return self.paths.setdefault(text.name, Paths(text.flows))

    def apart(self, run: Run) -> Apart:
        """Return what becomes of the process of a run: of those that it comes from, all must be waited for."""
        waits, silent = not self.course.cut, True
        base = run.base
        while base is not None and base.above is not None:
            places = self.places_of(base)
            waits = waits and bool(places) and all(placed.apart.waits for placed in places)
            silent = silent and all(placed.apart.silent for placed in places)
            base = base.above.base
        return Apart(waits, silent)


def _agreed(found: list[Found | None]) -> Found | None:
    """Return what is sure of a run that may stand in several places, if it is the same everywhere."""
    sure = [one for one in found if one is not None]
    if not sure or len(sure) < len(found):
        return None
    first, *others = sure
    decided = first.chosen()
    return first if all(one.chosen() == decided and one.maybe == first.maybe for one in others) else None


def _decided(found: Found, text: _Text) -> Iterable[tuple[float, Decided]]:
    """Yield what a run has decided, each with the number of the command that came next."""
    variables: dict[int, Variables | None] = {}
    open_ones: dict[str, list[Ended]] = {}
    for entry in found.entries:
        if isinstance(entry, Gap):
            open_ones.clear()
        elif isinstance(entry, Forked):
            continue
        elif isinstance(entry, Came):
            variables[entry.spot.member.term.start] = entry.event.started.variables
        elif isinstance(entry.mark, Entered):
            open_ones[entry.mark.branch] = []
        elif isinstance(entry.mark, Valued):
            for ended in open_ones.values():
                ended.append(Ended(entry.mark, variables.get(entry.mark.start)))
        elif isinstance(entry.mark, Chosen):
            branch, taken = entry.mark
            came = open_ones.pop(branch, None)
            outcome = taken is not (text.branches[branch].kind == "until")
            known = came is not None and branch in text.inventory.decisions
            values = text.values(branch, tuple(came or ()), outcome) if known else None
            yield entry.time, Decided((text.name, branch), taken, values, outcome)
