"""What the tests of a decision have come to, from the pipelines that ended in it and the variables it looked at."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ci_port.model import Compare, Condition, atoms
from ci_port.shell.conditions import Decision, Join, Leaf, Not, leaves
from ci_port.shell.flow import Valued

MOST_TESTS = 12
_NUMBER = re.compile(r"-?[0-9]*")
_FAR_ARGUMENT = re.compile(r"[1-9][0-9]+|[^A-Za-z_1-9].*")

Values = tuple["bool | None", ...]
"""The value of each test of a decision; None: it was not evaluated."""
Variables = Mapping[str, str]


class Ended(NamedTuple):
    """A pipeline of a decision has ended; with the variables that it looked at, where they are known."""

    mark: Valued
    variables: Variables | None = None


def value_of(condition: Condition, variables: Variables | None) -> bool | None:
    """Return what a condition comes to, None where these variables do not tell."""
    if variables is None or any(_FAR_ARGUMENT.fullmatch(name) for name in condition.variables()):
        return None
    for atom in atoms(condition):
        # Another value is a sum, in which other variables may stand.
        if isinstance(atom, Compare) and not _NUMBER.fullmatch(variables.get(atom.variable, "")):
            return None
    try:
        return condition.holds(variables)
    except (LookupError, ValueError):
        return None


def values_of(decision: Decision, ended: Sequence[Ended], outcome: bool) -> Values | None:
    """Return the only values under which just these pipelines end so; None if there are several, or too many tests."""
    tests = list(leaves(decision))
    if len(tests) > MOST_TESTS:
        return None
    known: dict[int, bool] = {}
    parts: list[tuple[Decision, bool]] = []
    reached = {0} if len(tests) == 1 else set()
    for mark, variables in ended:
        inside = [i for i, test in enumerate(tests) if mark.start <= test.start < mark.end]
        reached |= set(inside)
        part = _part(decision, {id(tests[i]) for i in inside})
        if part is not None:
            parts.append((part, mark.value))
        for i in inside:
            value = value_of(tests[i].condition, variables)
            if value is not None:
                known[i] = value
    places = {id(test): i for i, test in enumerate(tests)}
    found = set(_fitting(decision, places, known, parts, reached, outcome))
    return found.pop() if len(found) == 1 else None


def _fitting(
    decision: Decision,
    places: Mapping[int, int],
    known: Mapping[int, bool],
    parts: Sequence[tuple[Decision, bool]],
    reached: set[int],
    outcome: bool,
) -> Iterator[Values]:
    open_tests = sorted(reached - known.keys())
    for guess in itertools.product((False, True), repeat=len(open_tests)):
        given = {**known, **dict(zip(open_tests, guess, strict=True))}
        looked_at: list[int] = []
        if _evaluate(decision, places, given, looked_at) is not outcome:
            continue
        if any(_evaluate(part, places, given, []) is not value for part, value in parts):
            continue
        if all(_first(part, places) in looked_at for part, _ in parts):
            yield tuple(given[i] if i in looked_at else None for i in range(len(places)))


def _first(decision: Decision, places: Mapping[int, int]) -> int:
    return places[id(next(leaves(decision)))]


def _part(decision: Decision, inside: set[int]) -> Decision | None:
    """Return the part of a decision that consists of these tests; None where they are no part of their own."""
    held = {id(leaf) for leaf in leaves(decision)}
    if held <= inside:
        return decision
    if isinstance(decision, Not):
        return _part(decision.operand, inside)
    if isinstance(decision, Leaf):
        return None
    within = [operand for operand in decision.operands if inside & {id(leaf) for leaf in leaves(operand)}]
    if len(within) == 1:
        return _part(within[0], inside)
    whole = all({id(leaf) for leaf in leaves(operand)} <= inside for operand in within)
    return Join(decision.sign, tuple(within)) if within and whole else None


def _evaluate(
    decision: Decision, places: Mapping[int, int], given: Mapping[int, bool], looked_at: list[int]
) -> bool | None:
    """Evaluate as bash does, noting which tests are looked at; None when one of unknown value is."""
    if isinstance(decision, Leaf):
        at = places[id(decision)]
        looked_at.append(at)
        return given.get(at)
    if isinstance(decision, Not):
        inner = _evaluate(decision.operand, places, given, looked_at)
        return None if inner is None else not inner
    stop = decision.sign == "||"
    result: bool | None = None
    for operand in decision.operands:
        result = _evaluate(operand, places, given, looked_at)
        if result is None or result is stop:
            return result
    return result
