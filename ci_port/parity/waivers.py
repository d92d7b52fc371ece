"""Differences that are wanted, as data: each with a branch, a condition, the exact change, a reason and an end.

A waiver excuses a case only if the whole difference between its two plans is exactly what the waiver says: one edit
more, and the case is different. A waiver that excuses nothing, or whose day has passed, fails the run.
"""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_port.model import Condition, Environment, Fields, Place, Variable
from ci_port.model.reading import read_text
from ci_port.model.toml import TomlDocument
from ci_port.parity.compare import Result, Verdict
from ci_port.parity.edits import edits

VERSION = 1
BranchOf = Callable[["Place | None"], str]
Start = Callable[[Result], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Term:
    """A test of one variable. `contains` is as far as it goes: a waiver has no wildcards."""

    variable: str
    test: str
    value: str

    @property
    def condition(self) -> Condition:
        """Return the term as a condition."""
        variable = Variable(self.variable)
        return variable.contains(self.value) if self.test == "contains" else variable.equals(self.value)


TESTS = ("equals", "contains")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One wanted difference: all `terms` must hold, `change` are the edits as reports print them, in order.

    `expires` is its last day.
    """

    branch: str
    terms: tuple[Term, ...]
    change: tuple[str, ...]
    reason: str
    owner: str
    expires: datetime.date
    line: int = field(default=0, compare=False)

    @property
    def condition(self) -> Condition:
        """Return where it holds."""
        return functools.reduce(operator.and_, (term.condition for term in self.terms))

    def to_json(self) -> dict[str, Any]:
        """Return the waiver as it stands in its file."""
        return {
            "branch": self.branch,
            "condition": [{"variable": term.variable, "is": term.test, "value": term.value} for term in self.terms],
            "change": list(self.change),
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat(),
        }

    def expired(self, today: datetime.date) -> bool:
        """Return whether its last day has passed."""
        return today > self.expires


@dataclass(frozen=True, slots=True)
class Use:
    """A waiver, and the ids of the cases that it excused."""

    waiver: Waiver
    cases: tuple[str, ...]
    expired: bool = False

    @property
    def stale(self) -> bool:
        """Whether it excused nothing."""
        return not self.cases

    @property
    def problem(self) -> str:
        """What is wrong with it, or an empty text."""
        if self.expired:
            return f"expired on {self.waiver.expires.isoformat()}; renew it with a reason, or repair the difference"
        return "matches no difference any more; remove it" if self.stale else ""


def apply(
    waivers: Sequence[Waiver], results: Iterable[Result], branch_of: BranchOf, start: Start, today: datetime.date
) -> tuple[Use, ...]:
    """Return each waiver with the cases that it excuses; one that has expired excuses none.

    `branch_of` names the branch of a place in the script, `start` is the environment in which a case starts.
    """
    used: dict[int, list[str]] = {number: [] for number in range(len(waivers))}
    for result in results:
        if result.verdict is not Verdict.DIFFERENT or result.difference is None or result.observations is None:
            continue
        branch = branch_of(result.difference.control_place)
        change = tuple(map(str, edits(*(side.plan for side in result.observations))))
        environment = Environment(start(result))
        for number, waiver in enumerate(waivers):
            if (waiver.branch, waiver.change) == (branch, change) and waiver.condition.holds(environment):
                used[number].append(result.case.id)
                break
    return tuple(
        Use(waiver, () if waiver.expired(today) else tuple(used[number]), waiver.expired(today))
        for number, waiver in enumerate(waivers)
    )


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers of a TOML file; raises DataError with file, line and field."""
    return read_waivers(read_text(path), str(path))


def read_waivers(text: str, source: str) -> tuple[Waiver, ...]:
    """Return the waivers of a text; raises DataError with file, line and field."""
    fields = TomlDocument(text, source).parse()
    version = fields.integer("version")
    if version != VERSION:
        raise fields.error("version", f"version {VERSION} is expected, found {version}")
    waivers = tuple(read_waiver(waiver) for waiver in fields.objects("waiver", []))
    fields.finish()
    return waivers


def read_waiver(fields: Fields) -> Waiver:
    """Return the waiver that `fields` describes; raises DataError with file, line and field."""
    waiver = Waiver(
        branch=_said(fields, "branch"),
        terms=_terms(fields),
        change=_change(fields),
        reason=_said(fields, "reason"),
        owner=_said(fields, "owner"),
        expires=_day(fields, "expires"),
        line=fields.line("branch"),
    )
    fields.finish()
    return waiver


def _said(fields: Fields, name: str) -> str:
    text = fields.text(name).strip()
    if not text:
        raise fields.error(name, "this must be said")
    return text


def _change(fields: Fields) -> tuple[str, ...]:
    change = fields.texts("change")
    if not change:
        raise fields.error("change", "the exact change is missing: the edits as the report prints them")
    return tuple(change)


def _day(fields: Fields, name: str) -> datetime.date:
    text = fields.text(name)
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise fields.error(name, f"a day as YYYY-MM-DD is expected, found {text!r}") from None


def _terms(fields: Fields) -> tuple[Term, ...]:
    terms = tuple(_term(term) for term in fields.objects("condition"))
    if not terms:
        raise fields.error("condition", "at least one term is expected: a waiver says where it holds")
    return terms


def _term(fields: Fields) -> Term:
    term = Term(_said(fields, "variable"), fields.text("is", "equals"), fields.text("value"))
    if term.test not in TESTS:
        raise fields.error("is", f"one of {', '.join(TESTS)} is expected, found {term.test!r}; there are no wildcards")
    if term.test == "contains" and not term.value:
        raise fields.error("value", "every value contains the empty text; there are no wildcards")
    fields.finish()
    return term
