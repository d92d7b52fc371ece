"""Two sets of plans, before and after a change: which jobs do something else now, grouped by identical edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """What a change does to the plans. A side that was not compared (it has no base, say) stands in `absent`."""

    total: int
    sides: Mapping[str, SetDiff]
    absent: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether any job's plan changes."""
        return any(side.moved for side in self.sides.values())

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
            return "No job's plan changes."
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


class Paint:
    """How lines are painted; the plain one leaves them alone."""

    def __init__(
        self, bold: Callable[[str], str] = str, good: Callable[[str], str] = str, bad: Callable[[str], str] = str
    ) -> None:
        self.bold = bold
        self.good = good
        self.bad = bad


_SHOWN = 3


def text_lines(diff: PlanDiff, paint: Paint) -> Iterator[str]:
    """Yield the difference for a terminal."""
    for group in diff.groups:
        where = _where(group)
        mark = paint.good("=") if group.agreed and len(diff.sides) > 1 else paint.bad("!") if where else paint.bold("~")
        yield f"{mark} {paint.bold(_in_jobs(group, diff.total))}{paint.bad(where)}"
        yield f"    {_ids(group.all_jobs)}"
    for line in _other_lines(diff):
        yield paint.bad(line)
    yield from (f"note: {note}" for note in diff.notes)
    yield (paint.bad if diff.moved else paint.good)(f"{_changed(diff)}{diff.verdict}")


def markdown(diff: PlanDiff) -> str:
    """Return the difference for a comment on a pull request, at most 60,000 characters."""
    head = f"### {'🔀' if diff.moved else '✅'} {diff.verdict}\n\n{_changed(diff)}\n"
    body = ""
    groups = diff.groups
    for number, group in enumerate(groups):
        item = f"- {_in_jobs(group, diff.total)}{_where(group)}\n{_details(group)}"
        if len(head) + len(body) + len(item) > _LIMIT:
            body += f"- … and {len(groups) - number:,} more changes\n"
            break
        body += item
    others = "".join(f"- {line}\n" for line in _other_lines(diff))
    notes = "".join(f"\n> {note}\n" for note in diff.notes)
    return f"{head}\n{body}{others[:4000]}{notes}"


_LIMIT = 55_000
_LISTED = 30


def _details(group: Group) -> str:
    jobs = group.all_jobs
    listed = "<br>".join(f"<code>{id.replace('<', '&lt;')}</code>" for id in jobs[:_LISTED])
    more = f"<br>… and {len(jobs) - _LISTED:,} more" if len(jobs) > _LISTED else ""
    return f"  <details><summary>jobs</summary>{listed}{more}</details>\n"


def _in_jobs(group: Group, total: int) -> str:
    return f"{group.edit} in {len(group.all_jobs):,} of {total:,} jobs"


def _where(group: Group) -> str:
    """Return which side has the edit, where not every one has it in the same jobs."""
    if group.agreed:
        return ""
    having = {name: jobs for name, jobs in group.jobs.items() if jobs}
    if len(having) == 1:
        return f" — only the {next(iter(having))}"
    return " — " + ", ".join(f"the {name} in {len(jobs):,}" for name, jobs in having.items())


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else "")


def _changed(diff: PlanDiff) -> str:
    moved = {name: len(side.changed) for name, side in diff.sides.items() if side.changed}
    if not moved:
        return ""
    counts = ", ".join(f"{name} {count:,}" for name, count in moved.items())
    return f"{len(diff.changed):,} of {diff.total:,} jobs change ({counts}). "


_OTHERS = {
    "broken": "can no longer be planned",
    "mended": "can be planned now, and could not before",
    "failing": "could not be planned before, and cannot now",
}


def _other_lines(diff: PlanDiff) -> Iterator[str]:
    for name, side in diff.sides.items():
        for table, what in _OTHERS.items():
            for reason, ids in getattr(side, table).items():
                yield f"{name}: {len(ids):,} of {diff.total:,} jobs {what} ({_ids(ids)}): {reason}"
    for name, reason in diff.absent.items():
        yield f"{name}: not compared: {reason}"
