"""Walks a script's tree and lists what is in it: functions, branches, commands, variables, calls, exits."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci_port.bash import words
from ci_port.bash.builtins import LEAVING
from ci_port.bash.uses import reads_of_sum, written_by
from ci_port.model import ALWAYS, Branch, Condition
from ci_port.model.links import real
from ci_port.shell import bashlex_reader, tree
from ci_port.shell.bashlex_reader import Disagreement, Listing, Simple, Span
from ci_port.shell.conditions import Conditions, Decision, condition_of
from ci_port.shell.reader import Reader
from ci_port.shell.source import Source, SyntaxFault, load
from ci_port.shell.sources import resolve

TOP = "(top)"


@dataclass(frozen=True, slots=True)
class FunctionPlace:
    """A function of the script; `fingerprint` is of its own text, without the arms and functions inside it."""

    name: str
    line: int
    end_line: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command; `name` is None where it only shows at run time. `words` are as written."""

    name: str | None
    words: tuple[str, ...]
    line: int
    end_line: int
    function: str | None
    branch: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """A variable that is read or written."""

    name: str
    line: int
    function: str | None
    writes: bool


@dataclass(frozen=True, slots=True)
class Sourced:
    """A `source` command; `path` is the file it names, as far as the script's text tells."""

    word: str
    line: int
    function: str | None
    path: Path | None

    @property
    def own(self) -> Path | None:
        """The path, unless the word itself is absolute: such a file is the machine's and not the script's."""
        return None if self.word.lstrip("\"'").startswith("/") else self.path


@dataclass(frozen=True, slots=True)
class Call:
    """A function that calls another, or (`mentioned`) hands its name on as an argument."""

    caller: str | None
    callee: str
    line: int
    mentioned: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """What was not understood."""

    name: str
    line: int
    column: int


@dataclass(slots=True)
class Inventory:
    """What one file holds, in the order of the text. `sourced_files` are those that it pulls in, each once."""

    file: str
    source: Source
    functions: list[FunctionPlace] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    sources: list[Sourced] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    unknown: list[Unread] = field(default_factory=list)
    top_fingerprint: str = ""
    decisions: dict[str, Decision] = field(default_factory=dict)
    condition_lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    arms: dict[tuple[str, int], str] = field(default_factory=dict)
    """The branches by kind and by where they begin in the text: `and` and `or` with the pipeline after them."""
    sourced_files: list[Inventory] = field(default_factory=list)

    @property
    def exits(self) -> list[Command]:
        """Early exits: `exit`, `return`, `break`, `continue`, `exec`."""
        return [command for command in self.commands if command.name in LEAVING]

    def every(self) -> Iterator[Inventory]:
        """Yield this file's inventory and those of the files it sources."""
        yield self
        for file in self.sourced_files:
            yield from file.every()


def read_script(path: Path, follow: bool = True) -> Inventory:
    """Return the inventory of a script and, with `follow`, of the files that it sources and that are there.

    A file that the script names by an absolute path belongs to the machine and not to the script: what this machine
    happens to have there says nothing about the one that the script is for.

    Raises ScriptError, with file, line and column, for a script that is not valid bash or cannot be read.
    """
    seen: set[Path] = set()
    inventory = _read_file(path, follow, seen)
    names = {function.name for file in inventory.every() for function in file.functions}
    for file in inventory.every():
        file.calls = list(_calls(file.commands, names))
    return inventory


def _read_file(path: Path, follow: bool, seen: set[Path]) -> Inventory:
    seen.add(real(path))
    inventory = read_source(load(path))
    for sourced in inventory.sources if follow else ():
        if (own := sourced.own) and own.is_file() and real(own) not in seen:
            inventory.sourced_files.append(_read_file(own, follow, seen))
    return inventory


def read_source(source: Source) -> Inventory:
    """Return the inventory of one text; raises ScriptError where it is not valid bash."""
    try:
        return _Walker(source).whole(Reader(source.text).script())
    except SyntaxFault as fault:
        raise source.error(fault) from None
    except RecursionError:
        raise source.error(SyntaxFault(0, "the script is nested too deeply to be read")) from None


def _calls(commands: Iterable[Command], names: set[str]) -> Iterator[Call]:
    for command in commands:
        if command.name in names:
            yield Call(command.function, command.name or "", command.line, False)
        for word in command.words[1:]:
            if word in names:
                yield Call(command.function, word, command.line, True)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walker is: the function, the arm, and what its id is made of."""

    function: str | None
    branch: str | None
    key: str


class _Walker:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.out = Inventory(source.file, source)
        self.listings: dict[int, Listing | None] = {}
        self.conditions = Conditions(self.text, self.listing)
        self.repeats: Counter[tuple[str, str]] = Counter()
        self.compounds: dict[type[tree.Node], Callable[..., None]] = {
            tree.If: self.if_arms,
            tree.Loop: self.loop,
            tree.Case: self.case,
            tree.Function: self.function,
            tree.Coproc: self.coproc,
            tree.Arithmetic: self.sum,
            tree.ArithmeticExpansion: self.sum,
            tree.Parameter: self.parameter,
            tree.HereDocument: self.holder,
            tree.Unknown: self.unread,
        }

    def whole(self, block: tree.Block) -> Inventory:
        self.block(block, _Place(None, None, ""))
        out = self.out
        for listed in (out.functions, out.branches, out.commands, out.uses, out.sources, out.unknown):
            listed.sort(key=lambda item: item.line)
        out.top_fingerprint = self.fingerprint((0, len(self.text)), [block])
        return out

    # Statements.

    def block(self, block: tree.Block | None, place: _Place) -> None:
        for statement in block.statements if block else ():
            self.statement(statement, place)

    def listing(self, statement: tree.Statement) -> Listing | None:
        """Return what bashlex found; None, and an entry under unknown, where it cannot read the statement."""
        key = id(statement)
        if key not in self.listings:
            try:
                self.listings[key] = bashlex_reader.read(self.text, statement)
            except Disagreement as error:
                self.listings[key] = None
                self.unknown(str(error), statement.start)
        return self.listings[key]

    def statement(self, statement: tree.Statement, place: _Place) -> None:
        listing = self.listing(statement)
        places = _Stretches(place)
        parts = sorted(statement.parts, key=lambda part: part.start)
        starts = [part.start for part in parts]
        sides = self.conditions.of_list(statement)
        operators = zip(listing.operators, statement.pipelines[1:], strict=True) if listing else ()
        for (operator, pipeline), left in zip(operators, sides, strict=True):
            kind = "and" if operator.sign == "&&" else "or"
            right = operator.right
            inner = parts[bisect_left(starts, left.start) : bisect_left(starts, right[1])]
            own = self.fingerprint((left.start, right[1]), inner)
            inside = self.branch(place, kind, operator.offset, right, left.text, condition_of(left.decision), own)
            self.out.arms[kind, pipeline.start] = inside.branch or ""
            places.add(right, inside)
        for command in listing.commands if listing else ():
            self.command(command, places.at(command.start))
        for part in statement.parts:
            self.node(part, places.at(part.start))

    def command(self, command: Simple, place: _Place) -> None:
        raw = tuple(self.text[start:end] for start, end in command.words)
        line = self.source.line(command.start)
        for span in command.assignments:
            self.use(re.split(r"[+=[]", self.text[span[0] : span[1]], maxsplit=1)[0], span[0], place, writes=True)
        if not raw:
            return
        name = words.literal(raw[0])
        end_line = self.source.line(command.end - 1)
        self.out.commands.append(Command(name, raw, line, end_line, place.function, place.branch))
        for written in written_by(name, raw[1:]):
            self.use(written, command.start, place, writes=True)
        if name in ("source", ".") and len(raw) > 1:
            path = resolve(raw[1], Path(self.source.file), self.source.lines[line - 2] if line > 1 else "")
            self.out.sources.append(Sourced(raw[1], line, place.function, path))

    # Nodes.

    def node(self, node: tree.Node, place: _Place) -> None:
        special = self.compounds.get(type(node))
        if special is not None:
            special(node, place)
        elif isinstance(node, tree.Group):
            self.block(node.body, place)
            self.holder(node, place)
        elif isinstance(node, tree.Substitution):
            self.block(node.body, place)
        elif isinstance(node, tree.Holder):
            self.holder(node, place)

    def holder(self, node: tree.Holder, place: _Place) -> None:
        for part in node.parts:
            self.node(part, place)

    def unread(self, node: tree.Unknown, place: _Place) -> None:
        del place
        self.unknown(node.name, node.start)

    def unknown(self, name: str, offset: int) -> None:
        self.out.unknown.append(Unread(name, self.source.line(offset), self.source.column(offset)))

    def parameter(self, node: tree.Parameter, place: _Place) -> None:
        if node.name:
            self.use(node.name, node.start, place)
            if node.operator in (":=", "="):
                self.use(node.name, node.start, place, writes=True)
        self.holder(node, place)

    def sum(self, node: tree.Arithmetic | tree.ArithmeticExpansion, place: _Place) -> None:
        for name, writes in reads_of_sum(self.text[node.inner[0] : node.inner[1]]):
            self.use(name, node.start, place, writes=writes)
        self.holder(node, place)

    def use(self, name: str, offset: int, place: _Place, writes: bool = False) -> None:
        self.out.uses.append(Use(name, self.source.line(offset), place.function, writes))

    def coproc(self, node: tree.Coproc, place: _Place) -> None:
        if node.body is not None:
            self.statement(node.body, place)
        self.holder(node, place)

    def function(self, node: tree.Function, place: _Place) -> None:
        line, end_line = self.source.line(node.start), self.source.line(node.end - 1)
        own = self.fingerprint((node.start, node.end), node.parts)
        self.out.functions.append(FunctionPlace(node.name, line, end_line, own))
        del place
        self.holder(node, _Place(node.name, None, ""))

    def if_arms(self, node: tree.If, place: _Place) -> None:
        head = ""
        for arm in node.arms:
            text, decision = None, None
            if arm.condition is not None:
                text = self.condition_text(arm.condition)
                decision = self.conditions.of_block(arm.condition)
                head = head or text
            condition = condition_of(decision) if decision is not None else None
            own = self.fingerprint((arm.start, arm.end), [arm.condition, arm.body])
            span = (arm.body.start, arm.body.end)
            # The place of an `else` is the `if` it belongs to: it has no condition of its own.
            inside = self.branch(place, arm.kind, arm.start, span, text, condition, own, key=text or f"else {head}")
            self.decided(inside, decision, arm.condition)
            self.block(arm.condition, place)
            self.block(arm.body, inside)
        self.holder(node, place)

    def decided(self, place: _Place, decision: Decision | None, block: tree.Block | None) -> None:
        if decision is not None and block is not None and place.branch is not None:
            self.out.decisions[place.branch] = decision
            self.out.condition_lines[place.branch] = (self.source.line(block.start), self.source.line(block.end - 1))

    def condition_text(self, block: tree.Block) -> str:
        return words.squeeze(self.text[block.start : block.end])

    def loop(self, node: tree.Loop, place: _Place) -> None:
        body = node.body
        assert body is not None
        header = words.squeeze(self.text[node.header[0] : node.header[1]]).partition(" ")[2]
        condition, decision = None, None
        if node.condition is not None:
            decision = self.conditions.of_block(node.condition)
            condition = condition_of(decision)
            self.block(node.condition, place)
        own = self.fingerprint((node.start, node.end), [node.condition, body])
        inside = self.branch(place, node.kind, node.start, (body.start, node.end), header, condition, own)
        self.decided(inside, decision, node.condition)
        if node.variable:
            self.use(node.variable, node.start, place, writes=True)
        else:
            for name, writes in reads_of_sum(header) if node.condition is None else ():
                self.use(name, node.start, place, writes=writes)
        self.holder(node, place)
        self.block(body, inside)

    def case(self, node: tree.Case, place: _Place) -> None:
        self.holder(node, place)
        subject = self.text[node.subject[0] : node.subject[1]]
        for item in node.items:
            patterns = " | ".join(words.squeeze(self.text[start:end]) for start, end in item.patterns)
            condition = self.conditions.of_item(node.subject, item.patterns)
            if patterns == "*":
                condition = ALWAYS
            own = self.fingerprint((item.start, item.end), [item.body])
            span = (item.body.start, item.end)
            inside = self.branch(
                place, "case", item.start, span, f"{words.squeeze(subject)} in {patterns}", condition, own
            )
            self.block(item.body, inside)

    # Branches.

    def branch(
        self,
        place: _Place,
        kind: str,
        offset: int,
        body: Span,
        text: str | None,
        condition: Condition | None,
        fingerprint: str,
        key: str | None = None,
    ) -> _Place:
        """Enter a branch into the inventory and return the place inside it."""
        function = place.function or TOP
        content = _digest(place.key, kind, key if key is not None else text or "")
        self.repeats[function, content] += 1
        repeat = self.repeats[function, content]
        id = f"{function}/{kind}-{content}" + (f"-{repeat}" if repeat > 1 else "")
        end_line = self.source.line(max(body[1] - 1, offset))
        lines = (self.source.line(body[0]), end_line)
        line = self.source.line(offset)
        parent = place.branch
        self.out.branches.append(
            Branch(id, kind, place.function, line, end_line, text, condition, fingerprint, lines, parent)
        )
        self.out.arms.setdefault((kind, offset), id)
        return _Place(place.function, id, f"{content}-{repeat}")

    def fingerprint(self, span: Span, inside: Iterable[object]) -> str:
        """Return the fingerprint of a stretch of text without the arms and functions inside it."""
        pieces = []
        at = span[0]
        for start, end, name in sorted(_cut(inside)):
            if start >= at and end <= span[1]:
                pieces += [self.text[at:start], f" <{name}> "]
                at = end
        pieces.append(self.text[at : span[1]])
        return _digest(words.squeeze("".join(pieces)))


class _Stretches:
    """The places of a statement: that of the whole, and those of its operands, in the order of the text."""

    def __init__(self, whole: _Place) -> None:
        self.whole = whole
        self.starts: list[int] = []
        self.stretches: list[tuple[int, _Place]] = []

    def add(self, span: Span, place: _Place) -> None:
        self.starts.append(span[0])
        self.stretches.append((span[1], place))

    def at(self, offset: int) -> _Place:
        """Return the place of the operand that holds the offset; else that of the whole."""
        number = bisect_right(self.starts, offset)
        end, place = self.stretches[number - 1] if number else (-1, self.whole)
        return place if offset < end else self.whole


def _cut(nodes: Iterable[object]) -> Iterator[tuple[int, int, str]]:
    """Yield the places of the outermost compound commands that are branches or functions."""
    for node in nodes:
        if isinstance(node, (tree.If, tree.Loop, tree.Case, tree.Function)):
            yield node.start, node.end, type(node).__name__.lower()
        elif isinstance(node, tree.Block):
            yield from _cut(node.statements)
        elif isinstance(node, (tree.Statement, tree.Holder)):
            yield from _cut(node.parts)
            if isinstance(node, tree.Group):
                yield from _cut([node.body])
        elif isinstance(node, tree.Substitution):
            yield from _cut([node.body])


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:10]
