"""Where each command of a script stands: in which pipeline, list and body, and on which lines bash may report it.

The same tree as the reader's, seen from its leaves: from each command the way leads outwards.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from itertools import chain

from ci_port.bash import words
from ci_port.shell import tree
from ci_port.shell.reader import Reader
from ci_port.shell.source import Source

_PREFIXES = frozenset(("builtin", "command"))
# Outside quotes an expansion may come to no word; inside, only `$@` and its kin.
_VANISHES = re.compile(r'[$`]|"\$(?:@|\{@|\{!?[A-Za-z_]\w*\[@\])')


class Role(Enum):
    """What a body is to the command that holds it."""

    SCRIPT = "script"
    CONDITION = "condition"
    ARM = "arm"
    LOOP = "loop"
    ITEM = "item"
    GROUP = "group"
    SUBSHELL = "subshell"
    FUNCTION = "function"
    SUBSTITUTION = "substitution"
    JOB = "job"
    """A process substitution or a coprocess: nobody has its status but a `wait`."""


@dataclass(eq=False, repr=False, slots=True)
class Body:
    """Commands in order. `holder` is the command that they are a part of; None for a script."""

    file: File
    role: Role
    node: tree.Node | None
    holder: Member | None
    function: str | None
    lines: list[Line] = field(default_factory=list)


@dataclass(eq=False, repr=False, slots=True)
class Line:
    """One list of a body, up to its separator."""

    body: Body
    number: int
    background: bool
    terms: list[Term] = field(default_factory=list)

    @property
    def next(self) -> Line | None:
        """The list that comes after it in its body."""
        lines = self.body.lines
        return lines[self.number + 1] if self.number + 1 < len(lines) else None


@dataclass(eq=False, repr=False, slots=True)
class Term:
    """One pipeline of a list; `sign` is the `&&` or `||` before it, `end` that of its last redirection."""

    line: Line
    number: int
    sign: str
    negated: bool
    start: int
    end: int
    members: list[Member] = field(default_factory=list)

    @property
    def last(self) -> bool:
        """Whether it ends its list."""
        return self.number + 1 == len(self.line.terms)

    @property
    def rest(self) -> Iterator[Term]:
        """What comes after it in its list."""
        terms = self.line.terms
        return (terms[number] for number in range(self.number + 1, len(terms)))


@dataclass(eq=False, repr=False, slots=True)
class Member:
    """One command of a pipeline. `parts` are what stands in its words and redirections.

    `lines` are the first and last line that bash may report while it executes it. `words` are those of a simple
    command, as the command gets them; None where bash expands something.
    """

    term: Term
    node: tree.Simple | tree.Compound
    lines: tuple[int, int]
    words: tuple[str | None, ...] = ()
    parts: list[tree.Node] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)

    @property
    def body(self) -> Body:
        """The body that it stands in."""
        return self.term.line.body

    @property
    def file(self) -> File:
        """The file that it stands in."""
        return self.body.file

    @property
    def text(self) -> str:
        """The command as written."""
        return self.file.text[self.node.start : self.node.end]

    @property
    def command(self) -> tuple[str | None, ...]:
        """The words without `command` and `builtin` before them."""
        at = 0
        while at + 1 < len(self.words) and self.words[at] in _PREFIXES:
            at += 1
        return self.words[at:]

    @property
    def name(self) -> str | None:
        """The first word of a simple command; None where there is none, or only a run knows it."""
        return self.command[0] if self.words else None

    def raw(self) -> list[str]:
        """Return the words of a simple command as written, from its name on."""
        spans = self.node.words if isinstance(self.node, tree.Simple) else []
        return [self.file.text[start:end] for start, end in spans[len(self.words) - len(self.command) :]]


# Builtins and tools that start what stands in their words: the command that ran need not be the first word.
STARTERS = frozenset(("command", "exec", "env", "xargs", "find", "nice", "nohup", "timeout", "time", "setsid"))
# What stands in their words is text of its own.
TEXTUAL = frozenset(("eval", "trap"))


class File:
    """One text with all its commands. Raises SyntaxFault, or RecursionError, where it cannot be read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = Source("", text)
        self.commands: list[Member] = []
        """The simple commands, in no order."""
        self.compounds: list[Member] = []
        """All others."""
        self.functions: dict[str, list[Body]] = {}
        self.script = Body(self, Role.SCRIPT, None, None, None)
        _Builder(self).block(self.script, Reader(text).script(), _Around(None))

    @cached_property
    def _by_line(self) -> dict[int, dict[str | None, list[Member]]]:
        """The simple commands by line and first word; None where another may run than the text names first."""
        found: dict[int, dict[str | None, list[Member]]] = defaultdict(lambda: defaultdict(list))
        for member in self.commands:
            named = member.words and member.words[0] not in STARTERS and member.name not in TEXTUAL
            for line in range(member.lines[0], member.lines[1] + 1):
                found[line][member.words[0] if named else None].append(member)
        return found

    def at(self, line: int, word: str | None = None) -> Iterable[Member]:
        """Return the simple commands that bash may report on this line, and that may run a command named `word`."""
        found = self._by_line.get(line, {})
        return chain(*found.values()) if word is None else (*found.get(word, ()), *found.get(None, ()))

    def named(self, *names: str) -> Iterator[Member]:
        """Yield the simple commands with one of these names."""
        return (member for member in self.commands if member.name in names)

    def inside(self, node: tree.Node) -> Iterator[Member]:
        """Yield the simple commands that stand in a stretch of the text."""
        return (member for member in self.commands if node.start <= member.node.start < node.end)


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around: the function, lines that hold for all inside, and whether backslashes mean something else."""

    function: str | None
    lines: tuple[int, int] | None = None
    backquoted: bool = False


class _Builder:
    def __init__(self, file: File) -> None:
        self.file = file
        self.line = file.source.line

    def block(self, body: Body, block: tree.Block | None, around: _Around) -> None:
        for statement in block.statements if block else ():
            self.statement(body, statement, around)

    def statement(self, body: Body, statement: tree.Statement, around: _Around) -> None:
        line = Line(body, len(body.lines), statement.background)
        body.lines.append(line)
        for pipeline in statement.pipelines:
            term = Term(line, len(line.terms), pipeline.sign, pipeline.negated, pipeline.start, pipeline.end)
            line.terms.append(term)
            term.members += [self.member(term, node, around) for node in pipeline.commands]
        members = [member for term in line.terms for member in term.members]
        starts = [member.node.start for member in members]
        for part in statement.parts:
            before = bisect_right(starts, part.start)
            holder = members[before - 1] if before else None
            if holder is not None and part is not holder.node and not isinstance(part, tree.Skipped):
                holder.parts.append(part)
                self.part(part, holder, around, statement.end)
        for member in members:
            if isinstance(member.node, tree.Compound):
                self.compound(member.node, member, around)

    def member(self, term: Term, node: tree.Simple | tree.Compound, around: _Around) -> Member:
        lines = around.lines or (self.line(node.start), self.line(node.end - 1))
        if not isinstance(node, tree.Simple):
            compound = Member(term, node, lines)
            self.file.compounds.append(compound)
            return compound
        text = self.file.text
        member = Member(term, node, lines, tuple(_word(text[start:end], around) for start, end in node.words))
        if member.name == "eval":
            # Its text is counted from the line that it stands on.
            member.lines = (lines[0], lines[1] + text.count("\n", node.start, node.end))
        self.file.commands.append(member)
        return member

    # Commands within commands.

    def compound(self, node: tree.Compound, member: Member, around: _Around) -> None:
        if isinstance(node, tree.Function):
            self.function(node, member, around)
            return
        member.parts += node.parts
        for part in node.parts:
            self.part(part, member, around, part.end)
        if isinstance(node, tree.Coproc) and node.body is not None:
            self.statement(self.body(Role.JOB, node, member, around), node.body, around)
        for role, block in _blocks(node):
            self.block(self.body(role, node, member, around), block, around)

    def function(self, node: tree.Function, member: Member, around: _Around) -> None:
        compounds: list[tree.Simple | tree.Compound] = [part for part in node.parts if isinstance(part, tree.Compound)]
        start, end = node.start, node.end
        pipelines = [tree.Pipeline(start, end, commands=compounds)]
        around = replace(around, function=node.name)
        body = self.body(Role.FUNCTION, node, member, around)
        self.file.functions.setdefault(node.name, []).append(body)
        self.statement(body, tree.Statement(start, end, node.parts, pipelines=pipelines), around)

    def body(self, role: Role, node: tree.Node, holder: Member, around: _Around) -> Body:
        body = Body(self.file, role, node, holder, around.function)
        holder.bodies.append(body)
        return body

    def part(self, part: tree.Node, holder: Member, around: _Around, end: int) -> None:
        if isinstance(part, tree.Substitution):
            role = Role.SUBSTITUTION if part.sign in ("$(", "`") else Role.JOB
            lines = self.reported(part, holder, around, end)
            inside = replace(around, lines=lines, backquoted=around.backquoted or part.sign == "`")
            self.block(self.body(role, part, holder, around), part.body, inside)
        elif isinstance(part, tree.Holder) and not isinstance(part, tree.Compound):
            for inner in part.parts:
                self.part(inner, holder, around, max(end, inner.end))

    def reported(self, part: tree.Substitution, holder: Member, around: _Around, end: int) -> tuple[int, int]:
        """Return the lines that bash may report for the commands of a substitution.

        It counts from the first or the last line of the command that the substitution stands in (since bash 5.2), and
        along the text as bash itself would print it, with each part of a compound command on a line of its own.
        """
        node = holder.node
        after = isinstance(node, tree.Compound) and part.start >= node.end
        first, last = around.lines or (self.line(part.start if after else node.start), 0)
        last = max(last, self.line(max(end, part.end) - 1))
        if isinstance(node, (tree.Simple, tree.Test, tree.Arithmetic)):
            last = max(last, self.line(node.end - 1))
        pieces = _pieces(part.body)
        return first, last + self.file.text.count("\n", part.start, part.end) + (3 * pieces if pieces > 1 else 0)


def _word(raw: str, around: _Around) -> str | None:
    return None if around.backquoted and "\\" in raw else words.fixed(raw)


def _blocks(node: tree.Compound) -> Iterator[tuple[Role, tree.Block | None]]:
    """Yield the bodies of a compound command with what each is to it, in the order of the text."""
    if isinstance(node, tree.If):
        for arm in node.arms:
            if arm.condition is not None:
                yield Role.CONDITION, arm.condition
            yield Role.ARM, arm.body
    elif isinstance(node, tree.Loop):
        if node.condition is not None:
            yield Role.CONDITION, node.condition
        yield Role.LOOP, node.body
    elif isinstance(node, tree.Case):
        for item in node.items:
            yield Role.ITEM, item.body
    elif isinstance(node, tree.Group):
        yield Role.SUBSHELL if node.subshell else Role.GROUP, node.body


def _pieces(block: tree.Block | None) -> int:
    """Return how many commands a block has, bodies of compound commands included."""
    count = 0
    for statement in block.statements if block else ():
        for pipeline in statement.pipelines:
            for node in pipeline.commands:
                count += 1
                if isinstance(node, tree.Compound):
                    count += 1 + sum(1 + _pieces(inner) for _, inner in _blocks(node))
        count += sum(2 for part in statement.parts if isinstance(part, (tree.Function, tree.Coproc)))
    return count


def vanishes(raw: str) -> bool:
    """Return whether a word may expand to nothing at all, so that a command may lose its name."""
    return _VANISHES.match(raw) is not None
