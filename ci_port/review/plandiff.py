"""Two sets of plans, before and after a change: which jobs do something else now, grouped by identical edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ci_port.model import Plan
from ci_port.parity.edits import Edit, edits

Outcome = Plan | str
"""A job's plan, or why there is none."""


@dataclass(frozen=True, slots=True)
class SetDiff:
    """What moved on one side: the edits with their jobs, and the jobs that have no plan to compare."""

    edits: Mapping[Edit, tuple[str, ...]]
    changed: tuple[str, ...]
    broken: Mapping[str, tuple[str, ...]]
    mended: Mapping[str, tuple[str, ...]]
    failing: Mapping[str, tuple[str, ...]]

    @property
    def moved(self) -> bool:
        """Whether any job does something else, or can be planned where it could not, or the other way round."""
        return bool(self.changed or self.broken or self.mended)


def compare_sets(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> SetDiff:
    """Compare the plans of the jobs that stand in both sets."""
    known: dict[tuple[Plan, Plan], tuple[Edit, ...]] = {}
    grouped: dict[Edit, list[str]] = {}
    broken: dict[str, list[str]] = {}
    mended: dict[str, list[str]] = {}
    failing: dict[str, list[str]] = {}
    changed = []
    for id, one in before.items():
        if (other := after.get(id)) is None:
            continue
        if isinstance(one, str) or isinstance(other, str):
            _note_failure(id, one, other, broken, mended, failing)
            continue
        if one == other:
            continue
        changed.append(id)
        if (one, other) not in known:
            known[one, other] = edits(one, other)
        for edit in known[one, other]:
            grouped.setdefault(edit, []).append(id)
    largest = sorted(grouped.items(), key=lambda item: -len(item[1]))
    return SetDiff(
        {edit: tuple(ids) for edit, ids in largest},
        tuple(changed),
        *({reason: tuple(ids) for reason, ids in found.items()} for found in (broken, mended, failing)),
    )


def _note_failure(
    id: str,
    one: Outcome,
    other: Outcome,
    broken: dict[str, list[str]],
    mended: dict[str, list[str]],
    failing: dict[str, list[str]],
) -> None:
    if isinstance(other, str):
        (failing if isinstance(one, str) else broken).setdefault(other, []).append(id)
    elif isinstance(one, str):
        mended.setdefault(one, []).append(id)


@dataclass(frozen=True, slots=True)
class Group:
    """One edit, and in which jobs each side shows it."""

    edit: Edit
    jobs: Mapping[str, tuple[str, ...]]

    @property
    def all_jobs(self) -> tuple[str, ...]:
        """Return the jobs of all sides, each once."""
        return tuple(dict.fromkeys(job for jobs in self.jobs.values() for job in jobs))

    @property
    def agreed(self) -> bool:
        """Whether every side shows it in the same jobs."""
        return len({frozenset(jobs) for jobs in self.jobs.values()}) == 1


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """What a change does to the plans. A side that was not compared (it has no base, say) stands in `absent`.

    `lost` and `new` are jobs that stand only before or only after it, and are not compared; `unread` says what is wrong
    with plans that cannot be read.
    """

    total: int
    sides: Mapping[str, SetDiff]
    absent: Mapping[str, str]
    notes: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether any job's plan changes, or any job is lost or new."""
        return bool(self.lost or self.new) or any(side.moved for side in self.sides.values())

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the jobs whose plan changes on at least one side."""
        return tuple(dict.fromkeys(job for side in self.sides.values() for job in side.changed))

    @property
    def groups(self) -> tuple[Group, ...]:
        """Return the edits of all sides, the most frequent first."""
        found: dict[Edit, dict[str, tuple[str, ...]]] = {}
        for name, side in self.sides.items():
            for edit, jobs in side.edits.items():
                found.setdefault(edit, {})[name] = jobs
        # A side that was compared and does not show the edit shows it in no job: that is what reviewers look for.
        whole = (Group(edit, {name: jobs.get(name, ()) for name in self.sides}) for edit, jobs in found.items())
        return tuple(sorted(whole, key=lambda group: -len(group.all_jobs)))

    @property
    def verdict(self) -> str:
        """Return in one sentence which sides moved."""
        moved = [name for name, side in self.sides.items() if side.moved]
        if not moved:
            return "No job's plan changes, but jobs are lost or new." if self.moved else "No job's plan changes."
        if len(self.sides) < 2:
            return f"The plans of the {moved[0]} change." if moved[0] != PLANS else "The plans change."
        if len(moved) == 1:
            still = next(name for name in self.sides if name != moved[0])
            return f"Only the {moved[0]} moved: the {still} still does what it did, and parity will fail."
        if all(group.agreed for group in self.groups):
            return "Script and port moved alike."
        return "Script and port both moved, and not alike: parity will fail where they part."

    def to_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return {
            "format": "ci-port diff-plan",
            "version": 1,
            "total": self.total,
            "changed": len(self.changed),
            "verdict": self.verdict,
            "sides": {name: _side_json(side) for name, side in self.sides.items()},
            "absent": dict(self.absent),
            "groups": [
                {
                    **group.edit.to_json(),
                    "text": str(group.edit),
                    "jobs": {name: list(jobs) for name, jobs in group.jobs.items()},
                }
                for group in self.groups
            ],
            "lost": list(self.lost),
            "new": list(self.new),
            "unread": list(self.unread),
            "notes": list(self.notes),
        }


PLANS = "plans"


def _side_json(side: SetDiff) -> dict[str, Any]:
    tables = {"broken": side.broken, "mended": side.mended, "failing": side.failing}
    return {
        "moved": side.moved,
        "changed": list(side.changed),
        **{name: {reason: list(ids) for reason, ids in table.items()} for name, table in tables.items()},
    }
