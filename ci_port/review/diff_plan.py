"""Which jobs do something else after a change, grouped by identical change: of revisions, scripts, or saved plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ci_port.model import DataError, RunFailed
from ci_port.model.errors import UsageError
from ci_port.model.fingerprint import of_directory
from ci_port.model.links import real
from ci_port.review import revisions, trees
from ci_port.review.plandiff import PLANS, Outcome, PlanDiff, compare_sets
from ci_port.review.plansets import outcomes, read_plan_set
from ci_port.review.programs import Work
from ci_port.review.revisions import Tree
from ci_port.review.trees import Paths

SCRIPT = "script"
PORT = "port"
BOTH = "both"
JOBS = "the table of jobs"
"""What that file is called among those that are given."""

Changed = Sequence[tuple[str, "Path | None", "Path | None"]]
Apart = tuple[tuple[str, ...], tuple[str, ...]]
Outcomes = tuple[Mapping[str, Outcome], Mapping[str, Outcome]]


def of_plan_sets(base: Path, head: Path | None) -> PlanDiff:
    """Compare two files of plans; raises UsageError, DataError."""
    if head is None:
        raise UsageError(f"{base} holds plans; name a second file of plans to compare it with")
    (first, wrong), (second, more) = (read_plan_set(path) for path in (base, head))
    before, after = outcomes(first), outcomes(second)
    lost, new = _apart(before, after)
    diff = compare_sets(before, after)
    total, unread = len(before.keys() & after.keys()), tuple(map(str, (*wrong, *more)))
    return PlanDiff(total, {PLANS: diff}, {}, lost=lost, new=new, unread=unread)


def compared(base: str, head: str | None, side: str, work: Work) -> PlanDiff:
    """Compare two scripts, or two revisions of the repository that the script is in; raises UsageError."""
    before, after = Path(base), Path(head) if head else None
    if head is not None and after is not None and before.is_file() and after.is_file():
        _check_plain(work.script_file, (base, head))
        return _of_scripts(before, after, work)
    return _of_revisions(base, head, side, work)


def _check_plain(script: Path, names: Sequence[str]) -> None:
    """Raise UsageError for a file that is called like a revision: which of them is meant must be written clearly."""
    try:
        root = revisions.repository(script)
    except UsageError:
        return
    for text in names:
        if "/" not in text and revisions.is_revision(root, text):
            raise UsageError(f"{text} is a file and a revision; write ./{text}, or refs/heads/{text}")


def _of_scripts(base: Path, head: Path, work: Work) -> PlanDiff:
    before, after = work.scripts(base, head)
    return PlanDiff(len(work.cases), {SCRIPT: compare_sets(outcomes(before), outcomes(after))}, {})


def _of_revisions(base: str, head: str | None, side: str, work: Work) -> PlanDiff:
    script = real(work.script_file)
    root = revisions.repository(script)
    for text in filter(None, (base, head)):
        if not revisions.is_revision(root, text):
            raise UsageError(f"{text} is no revision of {root}, and no script or file of plans either")
    paths = Paths.of(root, script, work.port.name, work.port_file(), work.given)
    sides: dict[str, Outcomes] = {}
    absent: dict[str, str] = {}
    with trees.both(root, base, head, paths.all) as (before, after):
        for name, compare in _SIDES.items():
            if side in (name, BOTH):
                found = compare(before, after, paths, work)
                if isinstance(found, str):
                    absent[name] = found
                else:
                    sides[name] = found
        changed = list(_changed(before, after, paths))
        lost, new = _jobs(changed, work)
        notes = tuple(_notes(changed, before, after, paths))
    diffs = {name: compare_sets(*both) for name, both in sides.items()}
    return PlanDiff(len(work.cases), diffs, absent, notes, lost, new)


def _changed(before: Tree, after: Tree, paths: Paths) -> Iterator[tuple[str, Path | None, Path | None]]:
    """Yield which of the files differ that say what is compared, and where each stands in either tree."""
    for what, path in paths.given.items():
        old, new = before.find(path), after.find(path)
        if old is not new and (old is None or new is None or old.read_bytes() != new.read_bytes()):
            yield what, old, new


def _notes(changed: Changed, before: Tree, after: Tree, paths: Paths) -> Iterator[str]:
    """Yield what differs in words: both programs were asked with today's."""
    for what, old, new in changed:
        path = paths.given[what]
        if old is None or new is None:
            yield f"{(before if old is None else after).label} has no {path} ({what}); all was planned with today's"
        else:
            yield f"{what} changed: {path} of {before.label} is another; all was planned with today's"


def _jobs(changed: Changed, work: Work) -> Apart:
    """Return the jobs that only one of the two tables has."""
    tables = next(((old, new) for what, old, new in changed if what == JOBS and old and new), None)
    if work.jobs_in is None or tables is None:
        return (), ()
    try:
        old, new = ([case.id for case in work.jobs_in(table) if not case.wrong] for table in tables)
    except DataError:
        return (), ()  # that it changed is said all the same
    return _apart(old, new)


def _apart(before: Iterable[str], after: Iterable[str]) -> Apart:
    """Return the ids that only one of two sets has, those that were lost first; in order."""
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    return tuple(id for id in old if id not in new), tuple(id for id in new if id not in old)


_SAME: Outcomes = ({}, {})
"""Nothing moved: files that are the same do the same, and are not run to see it."""


def _scripts(before: Tree, after: Tree, paths: Paths, work: Work) -> Outcomes | str:
    """Return what became of the jobs with either script, or why there is nothing to compare."""
    old, new = (tree.find(paths.script) for tree in (before, after))
    if old is None or new is None:
        return f"{(before if old is None else after).label} has no {paths.script}"
    if (old.name, of_directory(old.parent)) == (new.name, of_directory(new.parent)):
        return _SAME
    before_plans, after_plans = work.scripts(old, new)
    return outcomes(before_plans), outcomes(after_plans)


def _ports(before: Tree, after: Tree, paths: Paths, work: Work) -> Outcomes | str:
    """Return what became of the jobs with either port, or why there is nothing to compare."""
    if paths.port is None:
        return f"the port {work.port.name} is not in the script's repository"
    for tree in (before, after):
        if tree.find(paths.port) is None or not (tree.root / paths.port).exists():
            return f"{tree.label} has no port ({paths.port})"
    old, new = (tree.root / paths.port_root for tree in (before, after))
    if work.port.key(old) == work.port.key(new):
        return _SAME
    try:
        before_plans = outcomes(work.plans(work.port, old))
    except RunFailed as failed:
        return f"the port of {before.label} cannot be planned: {failed.problem}"
    try:
        return before_plans, outcomes(work.plans(work.port, new))
    except RunFailed as failed:
        return before_plans, dict.fromkeys(before_plans, failed.problem)


_SIDES: dict[str, Callable[[Tree, Tree, Paths, Work], Outcomes | str]] = {SCRIPT: _scripts, PORT: _ports}
