"""Tests of the script as decisions: which `Condition`s they are made of, and where each stands.

A test of variables is a condition that can be evaluated; a test of the machine is a probe with its text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from ci_port.bash import conditional, pattern, regex, words
from ci_port.bash.names import NAME, is_name
from ci_port.model import Compare, Condition, Contains, Equals, Fits, Matches, Nonempty, Present, Probe, Same
from ci_port.shell import tree
from ci_port.shell.bashlex_reader import Listing, Operator, Simple, Span

_T = TypeVar("_T")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_SUM = re.compile(rf"\s*\$?\{{?({NAME})\}}?\s*(?:(==|!=|<=|>=|<|>)\s*(-?(?:0|[1-9][0-9]*))\s*)?")
_SIGNS = {"==": "-eq", "!=": "-ne", "<": "-lt", "<=": "-le", ">": "-gt", ">=": "-ge"}
_EQUAL = frozenset(("=", "==", "!="))

_GAP = re.compile(r"(?:\s|\\\n|#[^\n]*\n)*")

LONGEST = 64
"""How many operands of a list are looked at together: each arm of a longer one would repeat all that is left of it."""

Readings = Callable[[tree.Statement], "Listing | None"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test or command.

    `start` is where it stands in the text.
    """

    condition: Condition
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Not:
    """`! operand`."""

    operand: Decision


@dataclass(frozen=True, slots=True)
class Join:
    """`&&` or `||` between operands, evaluated from the left and no further than needed."""

    sign: str
    operands: tuple[Decision, ...]


Decision = Leaf | Not | Join


@dataclass(frozen=True, slots=True)
class Side:
    """What stands left of a `&&` or `||`; `start` is where its text begins, where there was not too much of it."""

    decision: Decision
    text: str
    start: int


def join(sign: str, left: Decision, right: Decision) -> Join:
    """Return `left sign right`. `&&` and `||` bind alike, from the left (bash manual, "Lists")."""
    if isinstance(left, Join) and left.sign == sign:
        return Join(sign, (*left.operands, right))
    return Join(sign, (left, right))


def shared_out(items: Iterable[_T], ends: Sequence[int], start: Callable[[_T], int]) -> list[list[_T]]:
    """Return the items that begin before each end and not before an earlier one; both are in the order of the text."""
    shares: list[list[_T]] = [[] for _ in ends]
    for item in items:
        if (at := bisect_right(ends, start(item))) < len(ends):
            shares[at].append(item)
    return shares


def leaves(decision: Decision) -> Iterator[Leaf]:
    """Yield the tests of a decision, in the order of the text."""
    if isinstance(decision, Leaf):
        yield decision
    elif isinstance(decision, Not):
        yield from leaves(decision.operand)
    else:
        for operand in decision.operands:
            yield from leaves(operand)


def condition_of(decision: Decision) -> Condition:
    """Return the decision as one condition."""
    if isinstance(decision, Leaf):
        return decision.condition
    if isinstance(decision, Not):
        return ~condition_of(decision.operand)
    result = condition_of(decision.operands[0])
    for operand in decision.operands[1:]:
        result = result & condition_of(operand) if decision.sign == "&&" else result | condition_of(operand)
    return result


class Conditions:
    """Turns the tests of one script into decisions; `reading` gives what bashlex found in a statement."""

    def __init__(self, text: str, reading: Readings) -> None:
        self.text = text
        self.reading = reading

    def of_block(self, block: tree.Block) -> Decision:
        """Return the decision that stands between `if` and `then`; of several commands, the last decides."""
        if len(block.statements) != 1:
            return self._whole((block.start, block.end))
        return self._of_statement(block.statements[0], (block.start, block.end))

    def of_list(self, statement: tree.Statement) -> list[Side]:
        """Return what stands left of each `&&` and `||` of a statement.

        Of more than LONGEST operands, the last is shown and the rest is a probe: only a run can answer it.
        """
        listing = self.reading(statement)
        if listing is None or not listing.operators:
            return []
        near, far = listing.operators[:LONGEST], listing.operators[LONGEST:]
        left, *terms = self._terms(statement, listing)
        sides = []
        for operator, term in zip(near, terms, strict=False):
            sides.append(Side(left, words.squeeze(self.text[operator.left[0] : operator.left[1]]), operator.left[0]))
            left = join(operator.sign, left, term)
        return [*sides, *self._far(near[-1], far)]

    def _far(self, last: Operator, operators: Sequence[Operator]) -> Iterator[Side]:
        """Yield what stands left of operators behind the last one that is looked at with all before it."""
        names = self._names((last.left,))
        for before, operator in pairwise((last, *operators)):
            span = (before.right[0], operator.left[1])
            names |= self._names((span,))
            text = f"… {before.sign} {words.squeeze(self.text[span[0] : span[1]])}"
            yield Side(Leaf(Probe(text, names), text, span[0]), text, span[0])

    def of_item(self, subject: Span, patterns: Sequence[Span]) -> Condition:
        """Return the condition of an item of a `case`, as if it stood alone."""
        alternatives = [self._equal(subject, span) for span in patterns]
        condition = alternatives[0]
        for other in alternatives[1:]:
            condition = condition | other
        return condition

    # Lists.

    def _of_statement(self, statement: tree.Statement, span: Span) -> Decision:
        listing = self.reading(statement)
        if listing is None:
            return self._whole(span)
        decision, *others = self._terms(statement, listing)
        for operator, term in zip(listing.operators, others, strict=True):
            decision = join(operator.sign, decision, term)
        return decision

    def _terms(self, statement: tree.Statement, listing: Listing) -> list[Decision]:
        """Return what each pipeline of the list decides."""
        starts = [statement.start, *(operator.offset + 2 for operator in listing.operators)]
        ends = [*(operator.offset for operator in listing.operators), statement.end]
        compounds = [part for part in statement.parts if isinstance(part, tree.Compound)]
        members = zip(
            zip(starts, ends, strict=True),
            shared_out(listing.commands, ends, lambda command: command.start),
            shared_out(compounds, ends, lambda part: part.start),
            shared_out(sorted(listing.negated), ends, lambda place: place[0]),
            strict=True,
        )
        return [self._of_pipeline(*member) for member in members]

    def _of_pipeline(
        self, span: Span, commands: Sequence[Simple], compounds: Sequence[tree.Compound], negated: Sequence[Span]
    ) -> Decision:
        if len(commands) + len(compounds) != 1:
            return self._whole(span)
        decision = self._of_compound(compounds[0]) if compounds else self._of_command(commands[0])
        return Not(decision) if negated else decision

    def _of_compound(self, node: tree.Compound) -> Decision:
        if isinstance(node, tree.Test) and node.expression is not None:
            return self._of_expression(node.expression)
        if isinstance(node, tree.Arithmetic):
            return self._of_sum(node)
        if isinstance(node, tree.Group) and node.body is not None:
            return self.of_block(node.body)
        return self._whole((node.start, node.end))

    def _of_sum(self, node: tree.Arithmetic) -> Decision:
        text = words.squeeze(self.text[node.start : node.end])
        match = _SUM.fullmatch(self.text, *node.inner)
        if match is None:
            return Leaf(self._probe((node.start, node.end)), text, node.start)
        return Leaf(Compare(match[1], _SIGNS[match[2]] if match[2] else "-ne", int(match[3] or 0)), text, node.start)

    # `[[ ]]`.

    def _of_expression(self, node: tree.Expression) -> Decision:
        operands = node.operands
        if node.operator in ("&&", "||"):
            inner = (self._of_expression(operand) for operand in operands if isinstance(operand, tree.Expression))
            return Join(node.operator, tuple(inner))
        first = operands[0]
        if isinstance(first, tree.Expression):
            decision = self._of_expression(first)
            return Not(decision) if node.operator == "!" else decision
        operator, second = node.operator or "-n", operands[-1]
        assert not isinstance(second, tree.Expression)
        if len(operands) == 1:
            found = self._unary(operator, first)
        else:
            found = self._binary(operator, first, second, literal=False)
        span = (node.start, node.end)
        return Leaf(
            found or self._probe(span, brackets=True), words.squeeze(self.text[node.start : node.end]), node.start
        )

    # `[ ]` and `test`.

    def _of_command(self, command: Simple) -> Decision:
        raw = [self.text[start:end] for start, end in command.words]
        if raw and raw[0] in ("[", "test") and not command.assignments:
            arguments = list(command.words[1:])
            if raw[0] == "[" and raw[-1] == "]":
                arguments.pop()
            if found := self._of_arguments(arguments):
                return Leaf(found, words.squeeze(self.text[command.start : command.end]), command.start)
        return self._whole((command.start, command.end))

    def _of_arguments(self, arguments: list[Span]) -> Condition | None:
        raw = [self.text[start:end] for start, end in arguments]
        for sign in ("-o", "-a"):
            if sign in raw[1:-1]:
                at = raw.index(sign, 1)
                left, right = self._of_arguments(arguments[:at]), self._of_arguments(arguments[at + 1 :])
                if left is None or right is None:
                    return None
                return left | right if sign == "-o" else left & right
        if raw and raw[0] == "!":
            inner = self._of_arguments(arguments[1:])
            return None if inner is None else ~inner
        if len(raw) == 1:
            return self._unary("-n", arguments[0])
        if len(raw) == 2:
            return self._unary(raw[0], arguments[1])
        if len(raw) == 3:
            return self._binary(raw[1], arguments[0], arguments[2], literal=True)
        return None

    # Single tests.

    def _unary(self, operator: str, operand: Span) -> Condition | None:
        raw = self.text[operand[0] : operand[1]]
        if operator == "-v":
            name = words.literal(raw)
            return Present(name) if name and is_name(name) else None
        name = words.variable(raw)
        if name is None or operator not in ("-n", "-z"):
            return None
        return Nonempty(name) if operator == "-n" else ~Nonempty(name)

    def _binary(self, operator: str, left: Span, right: Span, literal: bool) -> Condition | None:
        if operator in _EQUAL:
            condition = self._equal_or_none(left, right, literal)
            return ~condition if condition is not None and operator == "!=" else condition
        name = words.variable(self.text[left[0] : left[1]])
        value = words.literal(self.text[right[0] : right[1]])
        if operator in conditional.NUMBERS:
            name = name or self._bare_name(left, literal)
            return Compare(name, operator, int(value)) if name and value and _NUMBER.fullmatch(value) else None
        if operator == "=~" and name:
            return self._fits(name, right)
        return None

    def _bare_name(self, span: Span, literal: bool) -> str | None:
        """In `[[ ]]` the operands of `-eq` are sums, where a name stands for its value."""
        raw = self.text[span[0] : span[1]]
        return raw if is_name(raw) and not literal else None

    def _fits(self, name: str, right: Span) -> Condition | None:
        parts = words.pieces(self.text[right[0] : right[1]])
        if parts is None or any(part.kind == "variable" for part in parts):
            return None
        expression = "".join(part.text if part.kind == "plain" else regex.escape(part.text) for part in parts)
        try:
            return Fits(name, expression)
        except ValueError:
            return None

    def _equal(self, left: Span, right: Span) -> Condition:
        found = self._equal_or_none(left, right, literal=False)
        if found is not None:
            return found
        text = f"{self.text[left[0] : left[1]]} == {self.text[right[0] : right[1]]}"
        return Probe(words.squeeze(text), self._names((left, right)), bracketed=True)

    def _equal_or_none(self, left: Span, right: Span, literal: bool) -> Condition | None:
        name = words.variable(self.text[left[0] : left[1]])
        parts = words.pieces(self.text[right[0] : right[1]])
        if name is None or parts is None:
            return None
        if any(part.kind == "variable" for part in parts):
            raw = self.text[right[0] : right[1]]
            other = words.variable(raw)
            # Outside quotes, the value would be a pattern.
            return Same(name, other) if other and (literal or raw.startswith('"')) else None
        if literal:
            return Equals(name, "".join(part.text for part in parts))
        return compare_with(name, parts)

    def _whole(self, span: Span) -> Leaf:
        """Return what is no test but a command, or several: its status decides."""
        probe = self._probe(span)
        begins = _GAP.match(self.text, *span)
        return Leaf(probe, str(probe), begins.end() if begins else span[0])

    def _probe(self, span: Span, brackets: bool = False) -> Condition:
        text = words.squeeze(self.text[span[0] : span[1]]).rstrip("; ")
        return Probe(text, self._names((span,)), bracketed=brackets)

    def _names(self, spans: Sequence[Span]) -> frozenset[str]:
        found = re.compile(rf"\$\{{?[!#]?({NAME}|[1-9@*#?])")
        return frozenset(match[1] for start, end in spans for match in found.finditer(self.text, start, end))


def compare_with(name: str, parts: Sequence[words.Piece]) -> Condition | None:
    """Return `[[ $name == word ]]` in its plainest form; None for an extended glob."""
    glob = "".join(part.text if part.kind == "plain" else pattern.escape(part.text) for part in parts)
    inner = glob[1:-1]
    if len(glob) > 2 and glob[0] == glob[-1] == "*" and (text := pattern.only_match(inner)) is not None:
        return Contains(name, text)
    if (text := pattern.only_match(glob)) is not None:
        return Equals(name, text)
    try:
        pattern.compile_pattern(glob)
    except ValueError:
        return None
    return Matches(name, glob)
