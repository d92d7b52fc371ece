"""What a plan rests on and nothing settles, read from the records of a run (native/asked.c).

What a command without a rule has printed is followed through pipes, files and tools: it matters where the shell reads
it, where a tool that starts commands reads it, and where the status of a tool that has read it decides. Which statuses
decide is known from the script's tree, which the recorder's own process has not: those come out as candidates.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ci_port.dryrun import layout
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import Asked, World

STARTERS = frozenset(("xargs", "env", "find"))
"""Tools that make commands of what they read (native/start.c)."""

_CHECKS = ("c", "C", "--check")
UNMOVED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("cat", "column", "cut", "expand", "fmt", "fold", "head", "hexdump", "nl", "od", "paste"), ()),
    **dict.fromkeys(("pr", "rev", "tac", "tail", "tee", "tr", "unexpand", "uniq", "wc"), ()),
    **dict.fromkeys(("cp", "dd", "install", "mv", "split"), ()),
    **dict.fromkeys(("base32", "base64", "basenc"), ("d", "--decode")),
    **dict.fromkeys(("b2sum", "cksum", "md5sum", "sha1sum", "sha224sum", "sha256sum"), _CHECKS),
    **dict.fromkeys(("sha384sum", "sha512sum"), _CHECKS),
    "sort": _CHECKS,
}
"""Tools that end in the same way whatever they read, and the options with which they do not."""

Inode = int
_SILENT = frozenset(("sleep",))
"""Commands of which all is known: they print nothing, and succeed."""
_KNOWN = layout.ANSWERED | layout.RAN | layout.TEXT_ONLY
_TEXTS = {name: at for at, name in enumerate(layout.TEXTS[Kind.EXECUTE])}
_OUTPUTS = (layout.CUTS_OUTPUT, layout.CUTS_ERROR)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the plan rests on; `decider`: only if the status of this command decides."""

    what: Asked
    subject: tuple[str, ...]
    at: Record
    decider: Record | None = None


@dataclass(slots=True)
class _Tool:
    """A tool that runs, what it has read of others' guesses, and where it writes."""

    record: Record
    read: set[int] = field(default_factory=set)
    writes: set[Inode] = field(default_factory=set)


class _Flow:
    """Follows the output of commands without a rule; each is known by its number among the records."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.tainted: dict[Inode, set[int]] = defaultdict(set)
        self.tools: dict[tuple[int, ...], _Tool] = {}

    def questions(self) -> Iterator[Question]:
        """Yield what is asked about output and status."""
        for number, record in enumerate(self.records):
            yield from self._leave_tools(record)
            if step := _STEPS.get(record.kind):
                yield from step(self, number, record)
        for tool in list(self.tools.values()):
            yield from self._leave(tool)

    def execute(self, number: int, record: Record) -> Iterator[Question]:
        """A command runs: one without a rule prints what nobody knows."""
        outputs = [inode for inode in _inodes(record)[1:] if inode]
        for inode, cuts in zip(_inodes(record)[1:], _OUTPUTS, strict=True):
            if record.flags & cuts:
                self.tainted.pop(inode, None)
        if record.flags & layout.RAN:
            self._start(record)
        if record.flags & _KNOWN or os.path.basename(record.argv[0]) in _SILENT:
            return
        yield Question(Asked.STATUS, record.argv, record, record)
        for inode in outputs:
            self.tainted[inode].add(number)

    def tool(self, number: int, record: Record) -> Iterator[Question]:
        """A text tool runs."""
        del number
        self._start(record)
        yield from ()

    def read(self, number: int, record: Record) -> Iterator[Question]:
        """A tool, or the shell itself, reads."""
        del number
        found = self.tainted.get(record.value, set())
        if tool := self.tools.get(record.process):
            tool.read |= found
            return
        yield from self._outputs(found)

    def write(self, number: int, record: Record) -> Iterator[Question]:
        """The script writes a file anew: what a command has printed there before is gone."""
        del number
        if record.flags & layout.CUTS:
            self.tainted.pop(record.value, None)
        yield from ()

    def change(self, number: int, record: Record) -> Iterator[Question]:
        """A tool writes a file."""
        del number
        if record.flags & layout.CUTS:
            self.tainted.pop(record.value, None)
        if tool := self.tools.get(record.process):
            tool.writes.add(record.value)
        yield from ()

    def _start(self, record: Record) -> None:
        stdin, stdout, stderr = _inodes(record)
        self.tools[record.process] = _Tool(record, set(self.tainted.get(stdin, ())), {stdout, stderr} - {0})

    def _leave_tools(self, record: Record) -> Iterator[Question]:
        """What stands between two records of one process has been done by the processes that it started."""
        for process in [process for process in self.tools if record.process[: len(process)] != process]:
            yield from self._leave(self.tools.pop(process))

    def _leave(self, tool: _Tool) -> Iterator[Question]:
        for inode in tool.writes:
            self.tainted[inode] = self.tainted[inode] | tool.read
        if not tool.read:
            return
        if os.path.basename(tool.record.argv[0]) in STARTERS:
            yield from self._outputs(tool.read)
            return
        if _is_unmoved(tool.record.argv):
            return
        for number in sorted(tool.read):
            source = self.records[number]
            yield Question(Asked.OUTPUT, source.argv, source, tool.record)

    def _outputs(self, numbers: Iterable[int]) -> Iterator[Question]:
        for number in sorted(numbers):
            yield Question(Asked.OUTPUT, self.records[number].argv, self.records[number])


def _is_unmoved(argv: Sequence[str]) -> bool:
    """Return whether the status of a tool is the same whatever it reads."""
    moving = UNMOVED.get(os.path.basename(argv[0]))
    return moving is not None and not any(_has(word, option) for word in argv[1:] for option in moving)


def _has(word: str, option: str) -> bool:
    """Return whether a word is an option, in full or as a letter among others."""
    if option.startswith("--"):
        return word == option
    return word.startswith("-") and not word.startswith("--") and option in word


_STEPS: dict[Kind, Callable[[_Flow, int, Record], Iterator[Question]]] = {
    Kind.EXECUTE: _Flow.execute,
    Kind.TOOL: _Flow.tool,
    Kind.READ: _Flow.read,
    Kind.WRITE: _Flow.write,
    Kind.CHANGE: _Flow.change,
}


def _inodes(record: Record) -> tuple[Inode, Inode, Inode]:
    first, second, third = (int(text) for text in record.texts[_TEXTS["inodes"]].split())
    return first, second, third


def questions(records: list[Record], world: World, closed: str | None = None) -> list[Question]:
    """Return what a run asked that nothing settles, each thing once, in order; `closed` is the root of a checkout: all
    is known that was there when the run began, but git's own directory."""
    found = [*_Flow(records).questions(), *_others(records, world, closed)]
    unique: dict[tuple[Asked, tuple[str, ...], tuple[int, ...], int], Question] = {}
    for question in found:
        decider = question.decider.place if question.decider else 0
        unique.setdefault((question.what, question.subject, (question.at.line,), decider), question)
    return sorted(unique.values(), key=lambda question: question.at.order)


def _others(records: list[Record], world: World, closed: str | None) -> Iterator[Question]:
    failed = {record.process for record in records if record.kind is Kind.EXECUTE and record.status > 0}
    steps = {record.process for record in records if record.kind is Kind.EXECUTE and record.flags & layout.RAN}
    for record in records:
        if record.kind is Kind.STDIN:
            yield Question(Asked.STDIN, (), record)
        elif record.kind is Kind.LOOKUP and not _is_command(record.texts[0], world):
            yield Question(Asked.COMMAND, (record.texts[0],), record)
        elif record.kind is Kind.ASK:
            # What a file tool looks for and does not need is no question.
            if record.process in steps and record.process not in failed:
                continue
            if not _is_settled(record, world, closed):
                yield Question(Asked.PATH, (record.texts[0],), record)


def _is_settled(record: Record, world: World, closed: str | None) -> bool:
    path = record.texts[0]
    if world.is_known_absent(path):
        return True
    return (
        closed is not None and record.value == 0 and _is_below(path, closed) and not _is_below(path, f"{closed}/.git")
    )


def _is_below(path: str, directory: str) -> bool:
    return f"{path}/".startswith(f"{directory.rstrip('/')}/")


def _is_command(name: str, world: World) -> bool:
    return any(f"{directory}/{name}" in world.executables for directory in world.path.split(":"))
