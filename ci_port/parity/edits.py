"""Everything in which two plans differ, as edits that a reviewer can read and that compare equal between jobs.

An edit holds only what changed and the command that it changed in, never a step's number: `added --verbose to
python test/run_test.py` is one and the same edit in every job that shows it, whatever the job's other arguments.
"""

from __future__ import annotations

import difflib
import enum
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ci_port.bash.quoting import assignment, quoted
from ci_port.model import Execute, Plan, Step, Write
from ci_port.model.markdown import code
from ci_port.parity import contents
from ci_port.parity.wording import command_words

Environ = dict[str, "str | None"]


class Kind(enum.Enum):
    """What an edit does."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"
    DIRECTORY = "directory"
    VARIABLE = "variable"
    CONTENT = "content"
    COMMAND_STATUS = "status of a command"
    STATUS = "exit status"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: in `command` (its leading words), what was `removed` and what was `added` in its place."""

    kind: Kind
    command: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the edit as a JSON object."""
        return {
            "kind": self.kind.value,
            "command": self.command,
            "removed": list(self.removed),
            "added": list(self.added),
        }

    def __str__(self) -> str:
        return _SENTENCES[self.kind](self)


def _code(words: Sequence[str]) -> str:
    return code(" ".join(words))


def _command(edit: Edit) -> str:
    return code(f"{edit.command} …")


def _changed(edit: Edit) -> str:
    if not edit.removed:
        return f"added {_code(edit.added)} to {_command(edit)}"
    if not edit.added:
        return f"removed {_code(edit.removed)} from {_command(edit)}"
    return f"changed {_code(edit.removed)} to {_code(edit.added)} in {_command(edit)}"


def _variable(edit: Edit) -> str:
    where = f" for {_command(edit)}" if edit.command else ""
    if not edit.removed:
        return f"exported {_code(edit.added)}{where}"
    if not edit.added:
        return f"no longer exported {_code(edit.removed)}{where}"
    return f"changed {_code(edit.removed)} to {_code(edit.added)}{where}"


def _content(edit: Edit) -> str:
    if not edit.removed:
        return f"added {_code(edit.added)} to the content for {_command(edit)}"
    if not edit.added:
        return f"removed {_code(edit.removed)} from the content for {_command(edit)}"
    return f"changed {_code(edit.removed)} to {_code(edit.added)} in the content for {_command(edit)}"


_SENTENCES: dict[Kind, Callable[[Edit], str]] = {
    Kind.ADDED: lambda edit: f"added the command {_code(edit.added)}",
    Kind.REMOVED: lambda edit: f"removed the command {_code(edit.removed)}",
    Kind.MOVED: lambda edit: f"moved {_code(edit.added)}: {edit.command}",
    Kind.CHANGED: _changed,
    Kind.CONTENT: _content,
    Kind.DIRECTORY: lambda edit: f"moved {_command(edit)} from directory {edit.removed[0]} to {edit.added[0]}",
    Kind.VARIABLE: _variable,
    Kind.COMMAND_STATUS: lambda edit: f"{_command(edit)} exits {edit.added[0]} instead of {edit.removed[0]}",
    Kind.STATUS: lambda edit: f"changed the exit status of the run from {edit.removed[0]} to {edit.added[0]}",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A step of either plan beside its counterpart; None where it has none. The numbers count from 0."""

    left: int | None
    right: int | None


def aligned_steps(left: Plan, right: Plan) -> list[Pair]:
    """Return the steps of two plans side by side, in order, each step once."""
    ours, theirs = [_key(step) for step in left.steps], [_key(step) for step in right.steps]
    pairs: list[Pair] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [Pair(a + offset, c + offset) for offset in range(b - a)]
        else:
            pairs += _similar(left.steps, right.steps, range(a, b), range(c, d))
    return pairs


def edits(left: Plan, right: Plan) -> tuple[Edit, ...]:
    """Return all edits that lead from one plan to the other, in order, each once."""
    if left == right:
        return ()
    pairs = aligned_steps(left, right)
    found = list(_step_edits(left, right, pairs))
    if left.status != right.status:
        found.append(Edit(Kind.STATUS, "", (str(left.status),), (str(right.status),)))
    return tuple(dict.fromkeys(_with_moves(found, right)))


def _key(step: Step) -> Step:
    """Return what makes two steps counterparts: the command, its directory and redirections."""
    if isinstance(step, Execute):
        return replace(step, env=(), status=0, input=None, steps=())
    return replace(step, text=None) if isinstance(step, Write) else step


def _similar(left: Sequence[Step], right: Sequence[Step], ours: range, theirs: range) -> Iterator[Pair]:
    """Pair what is alike among steps that are not equal, without crossing."""
    at = theirs.start
    for i in ours:
        best = max(range(at, theirs.stop), key=lambda j: _likeness(left[i], right[j]), default=None)
        if best is None or _likeness(left[i], right[best]) < _ALIKE:
            yield Pair(i, None)
            continue
        yield from (Pair(None, j) for j in range(at, best))
        yield Pair(i, best)
        at = best + 1
    yield from (Pair(None, j) for j in range(at, theirs.stop))


_ALIKE = 0.5


def _likeness(left: Step, right: Step) -> float:
    if type(left) is not type(right):
        return 0.0
    ours, theirs = command_words(left), command_words(right)
    ratio = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio()
    # Two uses of one program are counterparts sooner than two programs with the same arguments.
    return ratio if ours[0] == theirs[0] else ratio - 0.25


def _step_edits(left: Plan, right: Plan, pairs: Sequence[Pair]) -> Iterator[Edit]:
    ours, theirs = _environments(left), _environments(right)
    known: Parting = {}
    last = _parted(ours[-1], theirs[-1]) if ours and theirs else {}
    for pair in pairs:
        if pair.right is None and pair.left is not None:
            yield Edit(Kind.REMOVED, "", command_words(left.steps[pair.left]))
        elif pair.left is None and pair.right is not None:
            yield Edit(Kind.ADDED, "", (), command_words(right.steps[pair.right]))
        elif pair.left is not None and pair.right is not None:
            one, other = left.steps[pair.left], right.steps[pair.right]
            yield from _within(one, other)
            if isinstance(other, Execute):
                now = _parted(ours[pair.left], theirs[pair.right])
                if now != known:
                    yield from _variables(known, now, last, _title(one, other))
                known = now


def _within(one: Step, other: Step) -> Iterator[Edit]:
    if one == other:
        return
    ours, theirs = command_words(one), command_words(other)
    title = _title(one, other)
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield Edit(Kind.CHANGED, title, ours[a:b], theirs[c:d])
    for removed, added in contents.changes(contents.content_of(one), contents.content_of(other), quoted):
        yield Edit(Kind.CONTENT, title, removed, added)
    if isinstance(one, Execute) and isinstance(other, Execute):
        if one.cwd != other.cwd:
            yield Edit(Kind.DIRECTORY, title, (quoted(one.cwd),), (quoted(other.cwd),))
        if one.status != other.status:
            yield Edit(Kind.COMMAND_STATUS, title, (str(one.status),), (str(other.status),))
        inner, now = Plan(one.steps, 0), Plan(other.steps, 0)
        yield from _step_edits(inner, now, aligned_steps(inner, now))


_TITLE_WORDS = 3


def _title(one: Step, other: Step) -> str:
    """Return the leading words that both have, up to the first flag: what people call the command by."""
    common: list[str] = []
    for mine, its in zip(command_words(one), command_words(other), strict=False):
        if mine != its or len(common) == _TITLE_WORDS or (common and mine.startswith("-")):
            break
        common.append(mine)
    return " ".join(common) or command_words(other)[0]


def _environments(plan: Plan) -> list[Environ]:
    """Return for each step what has changed in the exported environment since the start."""
    known: Environ = {}
    result = []
    for step in plan.steps:
        if isinstance(step, Execute) and step.env:
            known = {**known, **dict(step.env)}
        result.append(known)
    return result


_ABSENT = "\0"
Parting = dict[str, "tuple[str | None, str | None]"]


def _parted(ours: Environ, theirs: Environ) -> Parting:
    """Return the variables in which two environments differ; `_ABSENT`: as it was at the start."""
    if ours is theirs or ours == theirs:
        return {}
    names = sorted({**ours, **theirs})
    both = ((name, ours.get(name, _ABSENT), theirs.get(name, _ABSENT)) for name in names)
    return {name: (mine, other) for name, mine, other in both if mine != other}


def _variables(before: Parting, now: Parting, last: Parting, title: str) -> Iterator[Edit]:
    """Yield what parts from this step on and did not part before.

    What stays so to the end is one and the same edit wherever it begins; else the command says where it holds.
    """
    for name, (mine, other) in now.items():
        if before.get(name) != (mine, other):
            where = "" if last.get(name) == (mine, other) else title
            yield Edit(Kind.VARIABLE, where, _setting(name, mine), _setting(name, other))


def _setting(name: str, value: str | None) -> tuple[str, ...]:
    return () if value == _ABSENT else (assignment(name, value),)


def _with_moves(found: Sequence[Edit], right: Plan) -> Iterator[Edit]:
    """Yield the edits; a command that is removed at one place and added at another has moved."""
    gone = Counter(edit.removed for edit in found if edit.kind is Kind.REMOVED)
    come = Counter(edit.added for edit in found if edit.kind is Kind.ADDED)
    moved = gone & come
    order = [command_words(step) for step in _flat(right.steps)]
    for edit in found:
        if edit.kind is Kind.REMOVED and moved[edit.removed]:
            continue
        if edit.kind is Kind.ADDED and moved[edit.added]:
            at = order.index(edit.added)
            where = f"now after {code(' '.join(order[at - 1]))}" if at else "now first"
            yield Edit(Kind.MOVED, where, (), edit.added)
        else:
            yield edit


def _flat(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield all steps in order; those of a followed script come behind its own."""
    for step in steps:
        yield step
        if isinstance(step, Execute):
            yield from _flat(step.steps)
