"""Both sides of a project in all cases: the sweep, what was found in it, and the report of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import ci_port
from ci_port.model import Case, World
from ci_port.parity import Collector, Finding, OpenSide, Report, Result, Side, Verdict, judge, space_of, sweep
from ci_port.parity.clock import Clock
from ci_port.parity.findings import findings
from ci_port.parity.fulldiff import MISSING, available
from ci_port.parity.progress import OpenProgress, take_all, unseen
from ci_port.project import sides
from ci_port.project.branches import branch_coverage, waiver_uses
from ci_port.project.file import Project
from ci_port.project.subjects import subjects_of

Spaces = Mapping[str, Sequence[Case]]


def compared(
    project: Project, world: World, spaces: Spaces, jobs: int, whole: bool, progress: OpenProgress = unseen
) -> Report:
    """Run both sides in every case and return the report; `whole`: look for the smallest cases too."""
    subjects = subjects_of(project)
    clock = Clock()
    control = clock.timed_opener("script", sides.shell_side(project.script, world))
    candidate = clock.timed("port", sides.python_side(project.port, world, project.script))
    collector = Collector()
    with clock.span("sweep"):
        _sweep(spaces, control, candidate, jobs, collector, progress)
    results = [entry.result for entry in collector.entries]
    with clock.span("findings"):
        found = _findings(results, world, control, candidate, whole)
    return Report(
        made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=ci_port.__version__,
        subjects=subjects,
        axes=_axes(project, spaces),
        spaces=tuple(space_of(name, cases) for name, cases in spaces.items()),
        entries=tuple(collector.entries),
        runs=tuple(collector.runs),
        findings=found,
        waivers=waiver_uses(project, world, results),
        coverage={"lines": collector.lines(), **_branches(project, collector, whole)},
        durations=clock.seconds,
        notes=() if available() or not found else (MISSING,),
    )


def not_same(project: Project, world: World, cases: Sequence[Case], jobs: int, progress: OpenProgress = unseen) -> int:
    """Return how many cases are not shown to be the same."""
    candidate = sides.python_side(project.port, world, project.script)
    results = sweep(cases, sides.shell_side(project.script, world), candidate, jobs)
    return take_all(results, len(cases), progress)


def _sweep(
    spaces: Spaces, control: OpenSide, candidate: Side, jobs: int, collector: Collector, progress: OpenProgress
) -> None:
    cases = [case for members in spaces.values() for case in members]
    names = iter([name for name, members in spaces.items() for _ in members])
    results = sweep(cases, control, candidate, jobs)
    take_all(results, len(cases), progress, lambda result: collector.add(next(names), result))


def _findings(
    results: Sequence[Result], world: World, control: OpenSide, candidate: Side, whole: bool
) -> tuple[Finding, ...]:
    if not (whole and any(result.verdict is Verdict.DIFFERENT for result in results)):
        return findings(results, world.env, None)
    with control() as side:
        return findings(results, world.env, lambda case: judge(case, side, candidate))


def _branches(project: Project, collector: Collector, whole: bool) -> dict[str, object]:
    found = branch_coverage(project.script, collector.lines()) if whole else None
    return {"branches": found} if found else {}


def _axes(project: Project, spaces: Spaces) -> tuple[str, ...]:
    """Return the project's axes if its jobs have them, else the first variables that they do have."""
    first = next((dict(case.env) for cases in spaces.values() for case in cases if not case.wrong), {})
    return project.axes if any(axis in first for axis in project.axes) else tuple(first)[:2]
