"""Reads lists, pipelines and simple commands with bashlex. The only file that imports it: bashlex is GPLv3+.

bashlex 0.18 has no compound commands inside pipelines, tests, arrays, `$(a && b)` and much else. All of that is masked
first, at the same length, so that every position bashlex reports is a position in the script. What it says about words
is held against what our own reader found; a statement on which the two disagree is unknown, by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bashlex  # type: ignore[import-untyped]
import bashlex.ast  # type: ignore[import-untyped]

from ci_port.shell import tree

Span = tuple[int, int]


@dataclass(slots=True)
class Simple:
    """A simple command: places of its assignments, words and redirections."""

    start: int
    end: int
    assignments: tuple[Span, ...]
    words: tuple[Span, ...]
    redirections: tuple[Span, ...]


@dataclass(slots=True)
class Operator:
    """`&&` or `||`: its offset, what stands before it since the list began, and the pipeline after it."""

    sign: str
    offset: int
    left: Span
    right: Span


@dataclass(slots=True)
class Listing:
    """What bashlex found in a statement. `negated` are the pipelines with an odd number of `!` before them."""

    commands: list[Simple]
    operators: list[Operator]
    pipelines: list[Span]
    negated: list[Span]


class Disagreement(Exception):
    """bashlex cannot read the statement, or reads other words than we do."""


def read(text: str, statement: tree.Statement) -> Listing:
    """Return the lists, pipelines and simple commands of a statement; raises Disagreement."""
    if _is_one_compound(statement):
        return Listing([], [], [], [])
    masked = mask(text, statement)
    if not masked.strip("! \n"):
        return Listing([], [], [], [])
    try:
        trees = bashlex.parse(masked)
    except Exception as error:  # noqa: BLE001 # bashlex reports what it cannot read by a dozen kinds of errors
        raise Disagreement(f"bashlex: {str(error) or type(error).__name__}") from None
    listing = Listing([], [], [], [])
    for node in trees:
        _collect(node, listing, statement.start)
    _drop_compounds(listing, statement)
    ours = sorted(statement.words)
    theirs = sorted(span for command in listing.commands for span in (*command.assignments, *command.words))
    if ours != theirs:
        raise Disagreement("bashlex finds other words in it")
    return listing


def mask(text: str, statement: tree.Statement) -> str:
    """Return the statement's text with everything masked, at the same length, that bashlex cannot read."""
    pieces = []
    at = statement.start
    for part in sorted(statement.parts, key=lambda part: (part.start, -part.end)):
        if part.start < at or part.start >= statement.end:
            continue
        cover = _cover(text, part)
        if cover is not None:
            pieces += [text[at : part.start], cover]
            at = part.end
    pieces.append(text[at : statement.end])
    return "".join(pieces)


def _cover(text: str, part: tree.Node) -> str | None:
    """Return what stands in for the part; None if bashlex can read it as it is."""
    length = part.end - part.start
    if isinstance(part, tree.Skipped):
        return ("_" if part.reason == "continuation in a word" else " ") * length
    if isinstance(part, tree.Compound):
        # A parenthesis ends the word beside it; an underscore would not.
        first = " " if text[part.start] == "(" else "_"
        last = " " if text[part.end - 1] == ")" else "_"
        return first + "_" * (length - 2) + last
    if isinstance(part, tree.HereDocument):
        return "<" + " " * (length - 1)
    if isinstance(part, tree.Parameter) and text[part.start + 1] != "{":
        return None
    return "_" * length


def _is_one_compound(statement: tree.Statement) -> bool:
    return any(
        isinstance(part, tree.Compound) and (part.start, part.end) == (statement.start, statement.end)
        for part in statement.parts
    )


def _collect(node: bashlex.ast.node, listing: Listing, base: int) -> None:
    kind = node.kind
    if kind == "list":
        _collect_list(node, listing, base)
    elif kind == "pipeline":
        negations = 0
        for part in node.parts:
            if part.kind == "reservedword":
                negations += 1
            elif part.kind != "pipe":
                _collect(part, listing, base)
        listing.pipelines.append(_span(node, base))
        if negations % 2:
            listing.negated.append(_span(node, base))
    elif kind == "command":
        listing.commands.append(_simple(node, base))
    else:
        raise Disagreement(f"bashlex finds a {kind} in it")


def _collect_list(node: bashlex.ast.node, listing: Listing, base: int) -> None:
    start = base + node.pos[0]
    parts = node.parts
    for index, part in enumerate(parts):
        if part.kind != "operator":
            _collect(part, listing, base)
        elif part.op in ("&&", "||"):
            left = (start, base + parts[index - 1].pos[1])
            listing.operators.append(Operator(part.op, base + part.pos[0], left, _span(parts[index + 1], base)))
        else:
            raise Disagreement(f"bashlex finds {part.op!r} in it")


def _simple(node: bashlex.ast.node, base: int) -> Simple:
    places: dict[str, list[Span]] = {"assignment": [], "word": [], "redirect": []}
    for part in node.parts:
        if part.kind not in places:
            raise Disagreement(f"bashlex finds a {part.kind} in a command")
        places[part.kind].append(_span(part, base))
    start, end = _span(node, base)
    return Simple(start, end, tuple(places["assignment"]), tuple(places["word"]), tuple(places["redirect"]))


def _span(node: bashlex.ast.node, base: int) -> Span:
    return base + node.pos[0], base + node.pos[1]


def _drop_compounds(listing: Listing, statement: tree.Statement) -> None:
    """Take out the commands that stand in for compound commands."""
    places = {place for part in _compounds(statement) for place in (part.start, part.start + 1)}
    listing.commands = [command for command in listing.commands if not _stands_in(command, places)]


def _compounds(statement: tree.Statement) -> Iterator[tree.Node]:
    return (part for part in statement.parts if isinstance(part, tree.Compound))


def _stands_in(command: Simple, places: set[int]) -> bool:
    return bool(command.words) and command.words[0][0] in places and not command.assignments
