"""Control against candidate, for one case: run both dry, and say whether they would do the same.

The sides are passed in as callables; nothing here knows how either makes its plan.
"""

from __future__ import annotations

import enum
import itertools
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace

from ci_port.model import Case, Execute, NotPorted, Observation, Place, Plan, RunFailed, Step, Unanswered

Side = Callable[[Case], Observation]
OpenSide = Callable[[], AbstractContextManager[Side]]


class Verdict(enum.Enum):
    """What became of one case."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_PORTED = "not ported"
    UNTRUSTED = "untrusted"


class Shape(enum.Enum):
    """How two plans part."""

    CHANGED = "changed"
    LEFT_OUT = "left out"
    ADDED = "added"
    SWAPPED = "swapped"
    STATUS = "exit status"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two plans part: step `index` (from 0) of each side, None where a plan has ended.

    Both steps are None when all steps are equal and only the exit statuses differ. Where a side has ended, its place
    is that of its last command that failed, without one that of its last step.
    """

    index: int
    shape: Shape
    control: Step | None
    candidate: Step | None
    control_place: Place | None
    candidate_place: Place | None
    control_status: int
    candidate_status: int

    @property
    def differing(self) -> tuple[str, ...]:
        """The names of what differs: fields of the steps, `kind`, `end` (one plan is shorter) or `exit status`."""
        if self.control is None and self.candidate is None:
            return ("exit status",)
        if self.control is None or self.candidate is None:
            return ("end",)
        if type(self.control) is not type(self.candidate):
            return ("kind",)
        names = (each.name for each in fields(self.control))
        return tuple(name for name in names if getattr(self.control, name) != getattr(self.candidate, name))


@dataclass(frozen=True, slots=True)
class Failure:
    """A side that could not say what it would do, and why."""

    side: str
    problem: str
    place: Place | None = None
    command: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{self.side}: {where}{self.problem}" + (f" (command: {self.command})" if self.command else "")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case; beside the verdict only what explains it is set."""

    case: Case
    verdict: Verdict
    difference: Difference | None = None
    branch: str = ""
    failures: tuple[Failure, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    # What both sides showed: for reports, and no part of what makes two results equal.
    observations: tuple[Observation, Observation] | None = field(default=None, compare=False, repr=False)

    @property
    def failed(self) -> bool:
        """Whether a side could not be run to its end."""
        return bool(self.failures)


CONTROL = "script"
CANDIDATE = "port"


def judge(case: Case, control: Side, candidate: Side) -> Result:
    """Run both sides on the case and return what became of it; a side that fails is a result, not an exception."""
    outcomes = (_outcome(CONTROL, control, case), _outcome(CANDIDATE, candidate, case))
    failures = tuple(outcome for outcome in outcomes if isinstance(outcome, Failure))
    if failures:
        return Result(case, Verdict.UNTRUSTED, failures=failures)
    for outcome in outcomes:
        if isinstance(outcome, NotPorted):
            return Result(case, Verdict.NOT_PORTED, branch=outcome.branch)
    left, right = (outcome for outcome in outcomes if isinstance(outcome, Observation))
    return compare(case, left, right)


def compare(case: Case, control: Observation, candidate: Observation) -> Result:
    """Return the result of two observations of one case.

    What rests on a guess is untrusted even where the plans agree: both sides may have been fooled.
    """
    found = difference(control, candidate)
    made_up = (*control.unanswered, *candidate.unanswered)
    if made_up:
        verdict = Verdict.UNTRUSTED
    else:
        verdict = Verdict.SAME if found is None else Verdict.DIFFERENT
    return Result(case, verdict, difference=found, unanswered=made_up, observations=(control, candidate))


def difference(control: Observation, candidate: Observation) -> Difference | None:
    """Return where the two plans part first, or None if they are equal."""
    left, right = control.plan, candidate.plan
    if left == right:
        return None
    pairs = itertools.zip_longest(left.steps, right.steps)
    index = next((i for i, (mine, other) in enumerate(pairs) if mine != other), len(left.steps))
    return Difference(
        index=index,
        shape=_shape(left.steps, right.steps, index),
        control=_step(left, index),
        candidate=_step(right, index),
        control_place=_place(control, index),
        candidate_place=_place(candidate, index),
        control_status=left.status,
        candidate_status=right.status,
    )


def _step(plan: Plan, index: int) -> Step | None:
    return plan.steps[index] if index < len(plan.steps) else None


def _place(observation: Observation, index: int) -> Place | None:
    """Return the place of a step; past the end, that of what ended the run: its last failure, else its last step."""
    places = observation.places
    if not places or index < len(places):
        return places[index] if places else None
    failed = [at for at, step in enumerate(observation.plan.steps) if isinstance(step, Execute) and step.status]
    # What comes after the last failure are handlers: they say nothing about why the run ended so.
    return places[failed[-1] if failed and failed[-1] < len(places) else -1]


def _shape(left: tuple[Step, ...], right: tuple[Step, ...], index: int) -> Shape:
    """Return how the plans part at `index`, judged by the commands of this step and the next on either side."""
    ours, theirs = _commands(left, index), _commands(right, index)
    if not ours or not theirs:
        return Shape.LEFT_OUT if ours else Shape.ADDED if theirs else Shape.STATUS
    if ours[0] == theirs[0]:
        return Shape.CHANGED
    missing, extra = ours[1:] == theirs[:1], theirs[1:] == ours[:1]
    if missing and extra:
        return Shape.SWAPPED
    return Shape.LEFT_OUT if missing else Shape.ADDED if extra else Shape.CHANGED


def _commands(steps: tuple[Step, ...], index: int) -> list[Step]:
    """Return two steps without their environment changes, which move to the next step when a step is left out."""
    return [replace(step, env=()) if isinstance(step, Execute) else step for step in steps[index : index + 2]]


def _outcome(name: str, side: Side, case: Case) -> Observation | NotPorted | Failure:
    try:
        return side(case)
    except NotPorted as missing:
        return missing
    except RunFailed as failed:
        return Failure(name, failed.problem, failed.place, failed.command)
    except Exception as error:  # noqa: BLE001  # a bug in one side is a finding about one case, not the end of a sweep
        return Failure(name, f"{type(error).__name__}: {error}", _raised_at(error))


def _raised_at(error: BaseException) -> Place | None:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return None
    last = frames[-1]
    return Place(last.filename, last.lineno or 0, (last.name,))
