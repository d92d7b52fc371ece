"""What the next command does with `$?`: ask for it, hand it on, or overwrite it unread.

Bash sets `$?` after each command, so that only what runs next can ask for the status of the one before (bash manual,
"Special Parameters"; for `PIPESTATUS`, "Bash Variables"). In compound commands `$?` lives on until the first command
in them has run; a function, and a sourced file, start with that of the command before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ci_port.shell import tree
from ci_port.shell.positions import Body, File, Line, Member, Role, Term, vanishes

_IN_TEXT = re.compile(r"\$\{?\?|PIPESTATUS|\b(?:return|exit)\b")


class Use(Enum):
    """What becomes of the status."""

    READ = "it is read"
    RETURNED = "`return` hands it on"
    EXITED = "`exit` hands it on"
    HANDED = "a function or file that is called hands it on as its own"
    KEPT = "nothing yet: what comes after this command may still ask"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a command does with the status of the one before."""

    use: Use
    member: Member


def reads(asks: Iterable[Ask]) -> bool:
    """Return whether one of them reads the status itself."""
    return any(ask.use is Use.READ for ask in asks)


class Asking:
    """Finds what asks, in a set of files that run in one shell."""

    def __init__(self, files: Mapping[str, File], sourced: Mapping[int, File]) -> None:
        """`sourced` has, by the identity of a `source` command, the file that it names, as far as that is known."""
        self._sourced = sourced
        self.functions: dict[str, list[Body]] = {}
        for file in files.values():
            for name, bodies in file.functions.items():
                self.functions.setdefault(name, []).extend(bodies)
        self._open: set[int] = set()

    def of_line(self, line: Line | None, pipe: bool = False) -> Iterator[Ask]:
        """Yield what a list does first with the status that it finds; `pipe`: with a PIPESTATUS of several commands."""
        if line is None:
            return
        if line.terms:
            yield from self.of_term(line.terms[0], pipe)
        if pipe and line.background:
            yield from (Ask(Use.KEPT, member) for term in line.terms[:1] for member in term.members[:1])

    def of_term(self, term: Term, pipe: bool = False) -> Iterator[Ask]:
        """Yield what the commands of a pipeline do with it: each finds it in its own shell."""
        for member in term.members:
            yield from self.of_member(member, pipe)

    def of_body(self, body: Body, pipe: bool = False) -> Iterator[Ask]:
        """Yield what a body does first with it."""
        if body.lines:
            yield from self.of_line(body.lines[0], pipe)

    def of_member(self, member: Member, pipe: bool = False, after: tree.Node | None = None) -> Iterator[Ask]:
        """Yield what one command does with it; `after` is a substitution in it that sets the status."""
        node = member.node
        if member.name in ("return", "exit") and isinstance(node, tree.Simple):
            yield from self._hands_on(member, pipe)
        elif self._expands(member, member.parts, pipe):
            yield Ask(Use.READ, member)
        for body in member.bodies:
            assert body.node is not None
            if body.role in (Role.SUBSTITUTION, Role.JOB) and (after is None or body.node.start >= after.end):
                yield from self.of_body(body, pipe)
        if isinstance(node, tree.Simple):
            yield from self._simple(member, pipe)
        else:
            yield from self._compound(member, node, pipe)

    # Simple commands.

    def _hands_on(self, member: Member, pipe: bool) -> Iterator[Ask]:
        use = Use.RETURNED if member.name == "return" else Use.EXITED
        arguments = member.raw()[1:]
        bare = all(vanishes(raw) for raw in arguments)
        if self._expands(member, member.parts, pipe) or (bare and not pipe):
            yield Ask(use, member)

    def _simple(self, member: Member, pipe: bool) -> Iterator[Ask]:
        name = member.name
        if name is None:
            # `"$@"` may call any function.
            if member.words and any(reads(self._called(member, called, pipe)) for called in self.functions):
                yield Ask(Use.READ, member)
        elif name in self.functions:
            yield from self._called(member, name, pipe)
        elif name == "eval":
            if self._evaluated(member):
                yield Ask(Use.READ, member)
        elif name in ("source", ".") and id(member) in self._sourced:
            yield from self._within(member, [self._sourced[id(member)].script], pipe)

    def _called(self, member: Member, name: str, pipe: bool) -> Iterator[Ask]:
        yield from self._within(member, self.functions[name], pipe)

    def _within(self, member: Member, bodies: Sequence[Body], pipe: bool) -> Iterator[Ask]:
        """Yield what a function or a sourced file does, as seen from the command that calls it."""
        for body in bodies:
            if id(body) in self._open:
                continue
            self._open.add(id(body))
            asks = list(self.of_body(body, pipe))
            self._open.discard(id(body))
            for ask in asks:
                yield Ask(Use.HANDED if ask.use is Use.RETURNED else ask.use, member)

    @staticmethod
    def _evaluated(member: Member) -> bool:
        """Return whether the text that `eval` gets may ask; what a substitution prints begins with its own status."""
        if _IN_TEXT.search(member.text):
            return True
        return None in member.words and not any(body.role is Role.SUBSTITUTION for body in member.bodies)

    # Compound commands.

    def _compound(self, member: Member, node: tree.Compound, pipe: bool) -> Iterator[Ask]:
        bodies = [body for body in member.bodies if body.role not in (Role.SUBSTITUTION, Role.JOB)]
        first = bodies[:1] if isinstance(node, (tree.If, tree.Loop, tree.Group)) else bodies
        if not isinstance(node, tree.Function):
            for body in first:
                yield from self.of_body(body, pipe)
        turns = isinstance(node, tree.Loop) and node.condition is None
        if pipe and (turns or isinstance(node, (tree.Function, tree.Case, tree.Coproc))):
            # A definition, a loop without a turn and a case without an item leave PIPESTATUS as it is.
            yield Ask(Use.KEPT, member)

    # Expansions.

    def _expands(self, member: Member, parts: Iterable[tree.Node], pipe: bool) -> bool:
        text = member.file.text
        if isinstance(member.node, tree.Simple):
            # `let` and declarations know the variable by its bare name.
            if "PIPESTATUS" in member.text:
                return True
        elif any("PIPESTATUS" in text[start:end] for start, end in _header(member.node)):
            return True
        return any(self._part(part, text, pipe) for part in parts)

    def _part(self, part: tree.Node, text: str, pipe: bool) -> bool:
        if isinstance(part, tree.Unknown):
            return _IN_TEXT.search(text, part.start, part.end) is not None
        if isinstance(part, tree.Parameter) and part.name in ("?", "PIPESTATUS"):
            return part.name == "PIPESTATUS" or not pipe
        if isinstance(part, (tree.ArithmeticExpansion, tree.Subscript)) and "PIPESTATUS" in text[part.start : part.end]:
            return True
        return isinstance(part, tree.Holder) and any(self._part(inner, text, pipe) for inner in part.parts)


def _header(node: tree.Compound) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a compound command that bash evaluates as a sum or a test."""
    if isinstance(node, (tree.Arithmetic, tree.Test)):
        yield node.start, node.end
    elif isinstance(node, tree.Loop) and node.condition is None:
        yield node.header
