"""Which branches real runs took, and which tests they decided on, from bash's own trace of each run.

A run is traced with `set -x` and a PS4 that names file, line and function. Bash shows each `[[ ]]` test as it evaluates
it, one by one, so that a trace tells which tests of a decision were evaluated, in which order. Together with the arm
that the run went on in, that gives their values: the only ones under which bash would have evaluated just these.
What a trace does not tell is not guessed: it counts as neither taken nor not taken, neither true nor false.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ci_port.model import Branch, Case, Observation, Overlay
from ci_port.shell.conditions import Decision, Join, Leaf, Not, leaves
from ci_port.shell.inventory import Inventory

# Bash reads the file that BASH_ENV names before a script, so the script itself stays as it is.
TRACER = "/opt/ci-port-trace.sh"
_TRACER_TEXT = """\
exec {BASH_XTRACEFD}>&2
PS4='+@${BASH_SOURCE-}:${LINENO-}@${FUNCNAME-}@ '
set -x
"""
_EVENT = re.compile(r"^(\++)@(.*?):([0-9]+)@(.*?)@ (.*)$", re.MULTILINE)
_TOP_LEVEL = frozenset(("", "main", "source"))
_MOST_TESTS = 12
_TRACING = re.compile(r"\b(?:BASH_XTRACEFD|PS4)\b")
_NO_TRACE = re.compile(r"^(?:set (?:.* )?(?:\+[a-zA-Z]*x|\+o xtrace)|shopt -(?:uo|ou) .*\bxtrace)\b")
_SWITCHED_OFF = "the script switches its trace off"
_ITEM = re.compile(r"(?!.*\bcase\b)\s*\(?[^\s();#]+(?:\s*\|\s*[^\s();#]+)*\s*\)(?:[^;#]|;(?!;))*;;\s*(#.*)?$")
"""A line that begins with the patterns of an item of a `case`, and ends with it."""

Key = tuple[str, str]
"""A branch: the file's name beside the script, and the branch's id."""

Vector = tuple[tuple["bool | None", ...], bool]
"""One evaluation of a decision: the value of each of its tests (None: not evaluated), and the outcome."""


class Event(NamedTuple):
    """One line of a trace."""

    depth: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed: branches taken, branches passed by, and every evaluation of a decision.

    `is_cut`: the script has switched the trace off, and what it did then is not known.
    """

    taken: frozenset[Key]
    passed: frozenset[Key]
    vectors: Mapping[Key, frozenset[Vector]]
    is_cut: bool = False


@dataclass(slots=True)
class AtomCoverage:
    """One test of a decision over all runs; `decides`: it was shown to change the outcome on its own (MC/DC)."""

    text: str
    true: bool = False
    false: bool = False
    decides: bool = False


@dataclass(slots=True)
class BranchCoverage:
    """One branch over all runs: how many took it, how many passed it by, and its tests.

    In `hidden` runs a trace cannot tell that it was taken, and so neither that it was not: for the reason `unseen`.
    """

    taken: int = 0
    passed: int = 0
    tests: list[AtomCoverage] = field(default_factory=list)
    hidden: int = 0
    unseen: str = ""


@dataclass(slots=True)
class Coverage:
    """All branches over a named set of environments."""

    name: str
    runs: int
    branches: dict[Key, BranchCoverage]
    failed: list[str] = field(default_factory=list)


def traced(case: Case) -> Case:
    """Return the case with what makes bash trace it."""
    world = case.world or Overlay()
    files = (*((path, text) for path, text in world.files if path != TRACER), (TRACER, _TRACER_TEXT))
    env = {**dict(case.env), "BASH_ENV": TRACER}
    return replace(case, env=tuple(sorted(env.items())), world=replace(world, files=files))


class Reader:
    """Reads traces of one script, its sourced files included."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.directory = Path(inventory.file).parent
        self.files = {self.name_of(file): file for file in inventory.every()}
        self._alone = {key for key, file, branch in self.every_branch() if _is_alone(file, branch)}
        self._has_trace = any(_TRACING.search(file.source.text) for file in self.files.values())

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
        """Return what a traced run showed."""
        events = self._events(observation.messages)
        is_cut = any(_NO_TRACE.search(event.text) for heard in events.values() for event in heard.events)
        lines: dict[str, set[int]] = defaultdict(set)
        for (name, _), heard in events.items():
            lines[name] |= heard.by_line.keys()
        taken: set[Key] = set()
        passed: set[Key] = set()
        vectors: dict[Key, frozenset[Vector]] = {}
        for key, file, branch in self.every_branch():
            heard = events.get((key[0], branch.function), _NOTHING)
            if branch.id in file.sides:
                left_only, with_right = _sides(file, branch, heard)
                taken |= {key} if with_right else set()
                passed |= {key} if left_only else set()
                continue
            first, last = branch.body
            alone = key in self._alone
            if alone and any(first <= line <= last for line in lines[key[0]]):
                taken.add(key)
            if branch.id in file.decisions:
                vectors[key] = found = frozenset(_vectors(file, branch, heard)) if alone else frozenset()
                taken |= {key} if any(outcome for _, outcome in found) else set()
                passed |= {key} if any(not outcome for _, outcome in found) else set()
        return Run(frozenset(taken), frozenset(passed), vectors, is_cut)

    def coverage(self, name: str, runs: Iterable[Run]) -> Coverage:
        """Return what many runs showed together."""
        count = cut = 0
        found = {key: BranchCoverage(unseen=self._unseen(key, file)) for key, file, _ in self.every_branch()}
        vectors: dict[Key, set[Vector]] = defaultdict(set)
        for run in runs:
            count += 1
            cut += run.is_cut
            for key in run.taken:
                found[key].taken += 1
            for key in run.passed - run.taken:
                found[key].passed += 1
            for key, seen in run.vectors.items():
                vectors[key] |= seen
        for covered in found.values():
            covered.hidden = count if covered.unseen else cut
            covered.unseen = covered.unseen or (_SWITCHED_OFF if cut else "")
        for key, file, branch in self.every_branch():
            if branch.id in file.decisions:
                found[key].tests = _tests(file.decisions[branch.id], vectors[key])
        return Coverage(name, count, found)

    def _unseen(self, key: Key, file: Inventory) -> str:
        """Return why no trace of any run shows the branch."""
        if self._has_trace:
            return "the script has a trace of its own"
        return "" if key[1] in file.sides or key in self._alone else "its body stands on the line of its condition"

    def _events(self, messages: str) -> dict[tuple[str, str | None], Heard]:
        """Return the events of each function of each file, in order; None is a file's top level."""
        result: dict[tuple[str, str | None], Heard] = {}
        names: dict[str, str | None] = {}
        for match in _EVENT.finditer(messages):
            file = match[2]
            if file not in names:
                names[file] = self._own(file)
            if (name := names[file]) is not None:
                function = None if match[4] in _TOP_LEVEL else match[4]
                heard = result.setdefault((name, function), Heard([], defaultdict(list)))
                heard.by_line[int(match[3])].append(len(heard.events))
                heard.events.append(Event(len(match[1]), int(match[3]), match[5]))
        return result

    def _own(self, file: str) -> str | None:
        return next((name for name in self.files if file == name or file.endswith("/" + name)), None)


def _is_alone(file: Inventory, branch: Branch) -> bool:
    """Return whether what a trace has on the lines of the body can only be the body's."""
    first, _ = branch.body
    if first > branch.line and first > file.condition_lines.get(branch.id, (0, 0))[1]:
        return True
    # An item of a `case` on a line of its own: bash traces the word, but no pattern.
    text = file.source.lines[branch.line - 1]
    return branch.kind == "case" and branch.body == (branch.line, branch.line) and _ITEM.match(text) is not None


class Heard(NamedTuple):
    """The events of one function, and where those of each line stand among them."""

    events: list[Event]
    by_line: dict[int, list[int]]


_NOTHING = Heard([], {})


def _stretches(heard: Heard, lines: tuple[int, int], nesting: int = 0) -> Iterator[tuple[list[Event], Event | None]]:
    """Yield each run of consecutive events on these lines, and the event after it.

    Substitutions are traced with one more `+`: only what ran as deep as `nesting` counts.
    """
    places = sorted(place for line in range(lines[0], lines[1] + 1) for place in heard.by_line.get(line, ()))
    for _, group in itertools.groupby(enumerate(places), lambda pair: pair[1] - pair[0]):
        indices = [index for _, index in group]
        events = [heard.events[index] for index in indices]
        depths = sorted({event.depth for event in events})
        depth = depths[min(nesting, len(depths) - 1)]
        after = next((event for event in heard.events[indices[-1] + 1 :] if event.depth <= depth), None)
        yield [event for event in events if event.depth == depth], after


def _aligned(events: Sequence[Event], tests: Sequence[Leaf]) -> Iterator[list[int]]:
    """Yield, for each time that the tests came up, the indices of those that were evaluated."""
    current: list[int] = []
    for event in events:
        at = next((i for i in range(current[-1] + 1 if current else 0, len(tests)) if _shows(event, tests[i])), None)
        if at is None and current:
            at = next((i for i, test in enumerate(tests) if _shows(event, test)), None)
            if at is not None:
                yield current
                current = []
        if at is not None:
            current.append(at)
    if current:
        yield current


def _sides(file: Inventory, branch: Branch, heard: Heard) -> tuple[bool, bool]:
    """Return whether some evaluation stopped left of the operator, and whether some went on to its right."""
    sides = file.sides[branch.id]
    left = list(leaves(sides.left))
    tests = [*left, *leaves(sides.right)]
    stopped = went_on = False
    for events, _ in _stretches(heard, sides.lines, sides.nesting):
        for evaluated in _aligned(events, tests):
            # What begins on the right is no evaluation of this list but of one around it that looks alike.
            if evaluated[0] < len(left):
                went_on |= evaluated[-1] >= len(left)
                stopped |= evaluated[-1] < len(left)
    return stopped, went_on


def _vectors(file: Inventory, branch: Branch, heard: Heard) -> Iterator[Vector]:
    decision = file.decisions[branch.id]
    tests = list(leaves(decision))
    if len(tests) > _MOST_TESTS:
        return
    first, last = branch.body
    for events, after in _stretches(heard, file.condition_lines[branch.id]):
        every = list(_aligned(events, tests))
        for evaluated in every[-1:]:
            outcome = after is not None and first <= after.line <= last
            if (vector := _values(decision, tests, evaluated, outcome)) is not None:
                yield vector, outcome


def _values(
    decision: Decision, tests: Sequence[Leaf], evaluated: Sequence[int], outcome: bool
) -> tuple[bool | None, ...] | None:
    """Return the only values under which just these tests are evaluated, with this outcome; None if not unique."""
    fitting = []
    for values in itertools.product((False, True), repeat=len(evaluated)):
        given = dict(zip(evaluated, values, strict=True))
        order: list[int] = []
        index = itertools.count()
        result = _evaluate(decision, {id(test): given.get(i) for i, test in enumerate(tests)}, order, index, tests)
        if result is outcome and order == list(evaluated):
            fitting.append(given)
    if len(fitting) != 1:
        return None
    return tuple(fitting[0].get(i) for i in range(len(tests)))


def _evaluate(
    decision: Decision,
    values: Mapping[int, bool | None],
    order: list[int],
    index: Iterator[int],
    tests: Sequence[Leaf],
) -> bool | None:
    """Evaluate as bash does, noting which tests are looked at; None when one of unknown value is."""
    if isinstance(decision, Leaf):
        order.append(next(i for i, test in enumerate(tests) if test is decision))
        return values[id(decision)]
    if isinstance(decision, Not):
        inner = _evaluate(decision.operand, values, order, index, tests)
        return None if inner is None else not inner
    assert isinstance(decision, Join)
    stop = decision.sign == "||"
    result: bool | None = None
    for operand in decision.operands:
        result = _evaluate(operand, values, order, index, tests)
        if result is None or result is stop:
            return result
    return result


def _tests(decision: Decision, vectors: Iterable[Vector]) -> list[AtomCoverage]:
    seen = list(vectors)
    result = []
    for index, test in enumerate(leaves(decision)):
        values = {values[index] for values, _ in seen}
        result.append(AtomCoverage(test.text, True in values, False in values, _decides(index, seen)))
    return result


def _decides(index: int, vectors: Sequence[Vector]) -> bool:
    """Return whether two evaluations differ in this test and the outcome, and in no other test that both evaluated."""
    yes = [(values, outcome) for values, outcome in vectors if values[index] is True]
    no = [(values, outcome) for values, outcome in vectors if values[index] is False]
    return any(
        outcome is not other_outcome
        and all(i == index or a is None or b is None or a is b for i, (a, b) in enumerate(zip(one, other, strict=True)))
        for one, outcome in yes
        for other, other_outcome in no
    )


_SIGNS = {"[": ("'[' ", "[ ", "test "), "((": ("((",)}
_WORD = re.compile(r"'([^']*)'|\$'((?:[^'\\]|\\.)*)'|([^\s']+)")


def _shows(event: Event, test: Leaf) -> bool:
    """Return whether the event is the evaluation of this test."""
    if test.sign == "[[":
        return event.text.startswith("[[ ") and _shows_test(event.text[3:-3], test)
    if event.text.startswith("[["):
        return False
    if test.sign:
        return event.text.startswith(_SIGNS[test.sign])
    return _shows_command(event.text, test)


def _shows_command(text: str, test: Leaf) -> bool:
    """Return whether the words before the first that only a run knows are those of the trace."""
    known = tuple(itertools.takewhile(lambda word: word is not None, test.words))
    if not known:
        match = _WORD.match(text)
        return test.right is None or (match is not None and test.right == (match[1] or match[3]))
    try:
        shown = tuple(shlex.split(text))
    except ValueError:
        # `$'...'` with a quote in it: the first word has to do.
        return text.startswith(f"{known[0]} ")
    return shown[: len(known)] == known and (len(known) < len(test.words) or len(shown) == len(known))


def _shows_test(text: str, test: Leaf) -> bool:
    if test.operator.startswith("-") and test.right is None and len(test.operator) == 2:
        return text.removeprefix("! ").startswith(test.operator + " ")
    sign = f" {test.operator} "
    if sign not in f"{text} ":
        return False
    right = f"{text} ".rpartition(sign)[2].rstrip()
    return test.right is None or _plain(right) == _plain(test.right)


def _plain(text: str) -> str:
    """Return a pattern without quotes and backslashes: bash traces `default` in quotes as `\\d\\e\\f\\a\\u\\l\\t`."""
    return re.sub(r"[\\']", "", text)
