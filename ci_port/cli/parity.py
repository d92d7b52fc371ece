"""`ci-port parity`: would the script and its port run the same commands, in every case?"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import ci_port
from ci_port.cli import plansets, status
from ci_port.cli.branches import branch_coverage, waiver_uses
from ci_port.cli.cases import load_cases, load_jobs
from ci_port.cli.options import jobs_of, project_flags, project_of
from ci_port.cli.output import check_writable, write_whole
from ci_port.cli.project import JOBS, Project
from ci_port.cli.rendering import render
from ci_port.cli.sides import OpenSide, python_side, shell_side
from ci_port.cli.status import UsageError
from ci_port.cli.subjects import shown, subjects_of
from ci_port.cli.terminal import Progress, style_for, width_of
from ci_port.cli.text import report_lines
from ci_port.model import Case, Observation, Place, RunFailed, World
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import Collector, Report, Side, Verdict, judge, space_of, sweep, to_json
from ci_port.parity.failures import environments, failing_each_step
from ci_port.parity.findings import findings
from ci_port.parity.fulldiff import MISSING, available

COMMAND = "ci-port"


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port parity` and return the exit status."""
    project = project_of(arguments)
    world = load_world(project.world)
    spaces = spaces_of(arguments, project)
    if arguments.fail_each_step:
        spaces = {f"{name}, each step failing": _failing(cases, project, world) for name, cases in spaces.items()}
    target = Path(arguments.report) if arguments.report else None
    if target is not None:
        check_writable(target, "--report")
    report = compared(
        project, world, spaces, jobs_of(arguments), whole=target is not None or arguments.format != "text"
    )
    _remember(project, spaces, report)
    if target is not None:
        write_whole(target, dumps(to_json(report)) + "\n", "--report")
    if arguments.format == "text":
        command = os.environ.get("CI_PORT_COMMAND", COMMAND)
        flags = project_flags(arguments)
        for line in report_lines(report, world.env, command, flags, style_for(sys.stdout), width_of(sys.stdout)):
            print(line)
    else:
        print(render(report, arguments.format), end="")
    return exit_status(report)


# More cases than this are no reviewer's set of jobs, and would push those out of the memory.
_REMEMBERED = 5_000


def _remember(project: Project, spaces: Mapping[str, Sequence[Case]], report: Report) -> None:
    """Keep the script's plans, so that a `diff-plan` that follows need not record this script again."""
    cache = plansets.Cache(plansets.cache_directory())
    for name, cases in spaces.items():
        entries = [entry for entry in report.entries if entry.space == name]
        seen = {one.result.case.id: one.result.observations[0] for one in entries if one.result.observations}
        if len(seen) == len(cases) <= _REMEMBERED:
            about = plansets.cases_fingerprint(project.world, cases)
            plans = {id: plansets.planned(observation) for id, observation in seen.items()}
            cache.put(plansets.script_key(project.script, about), plans)


def _failing(cases: Sequence[Case], project: Project, world: World) -> list[Case]:
    """Return the environments of the cases with every command failing in turn; the port says which commands there are.

    Should it leave one out, the case as it stands is different, and that is what it is kept for.
    """
    side = python_side(project.port, world)
    bare = environments(cases)
    found: list[Case] = []
    for case in bare:
        found.append(case)
        # A case that cannot be planned stays as it is: the sweep says why.
        with contextlib.suppress(Exception):
            found += failing_each_step(case, side(case).plan)
    print(
        f"failing each of {len(found) - len(bare):,} steps in turn, "
        f"in {len(bare):,} environments that are also run as they are",
        file=sys.stderr,
    )
    return found


def exit_status(report: Report) -> int:
    """Return the exit status: a side that failed outweighs a difference, since nothing is known about its case."""
    if report.summary.failed:
        return status.SIDE_FAILED
    return status.SAME if report.good else status.DIFFERENT


def spaces_of(arguments: argparse.Namespace, project: Project) -> dict[str, list[Case]]:
    """Return what the command line asks for: files of cases, named spaces of the project, or CI's jobs.

    Raises UsageError when an id stands in two of them, or there is no case at all.
    """
    named = dict.fromkeys(arguments.space or ([] if arguments.cases else [JOBS]))
    spaces = _apart({name: named_space(name, project) for name in named})
    for file in arguments.cases or []:
        spaces[_unused(_stem(file), spaces)] = load_cases(file)
    if not any(spaces.values()):
        raise UsageError("there is no case to compare: the files hold none")
    _check_ids(spaces)
    return spaces


def _apart(spaces: Mapping[str, Sequence[Case]]) -> dict[str, list[Case]]:
    """Return the spaces with ids that are unique: a case of a later space is called by its space too."""
    seen: set[str] = set()
    apart: dict[str, list[Case]] = {}
    for name, cases in spaces.items():
        apart[name] = [replace(case, id=f"{name}/{case.id}") if case.id in seen else case for case in cases]
        seen.update(case.id for case in apart[name])
    return apart


def named_space(name: str, project: Project) -> list[Case]:
    """Return the cases of a space of the project; raises UsageError with the spaces that there are."""
    if name == JOBS:
        return load_jobs(project.jobs, project.job_id)
    files = dict(project.spaces)
    if name not in files:
        raise UsageError(f"there is no space {name!r}; the spaces are {', '.join([JOBS, *files])}")
    return load_cases(str(files[name]))


def _stem(file: str) -> str:
    return "stdin" if file == "-" else Path(file).name.partition(".")[0] or file


def _unused(name: str, taken: Mapping[str, object]) -> str:
    return name if name not in taken else _unused(f"{name}+", taken)


def _check_ids(spaces: Mapping[str, Sequence[Case]]) -> None:
    seen: set[str] = set()
    for cases in spaces.values():
        for case in cases:
            if case.id in seen:
                raise UsageError(f"the case {case.id!r} stands in more than one of the files; ids must be unique")
            seen.add(case.id)


@dataclass
class _Clock:
    """How long either side took, summed over all workers; and places as people write them from here."""

    seconds: dict[str, float] = field(default_factory=dict)
    _places: dict[Place, Place] = field(default_factory=dict)

    def timed(self, name: str, side: Side) -> Side:
        """Return the side, timed, with the files of its places relative to the current directory where they can be."""

        def observe(case: Case) -> Observation:
            start = time.perf_counter()
            try:
                return self._from_here(side(case))
            except RunFailed as failed:
                place = self._place(failed.place) if failed.place else None
                raise RunFailed(failed.problem, place, failed.command) from None
            finally:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

        return observe

    def _from_here(self, observation: Observation) -> Observation:
        return replace(
            observation,
            places=tuple(map(self._place, observation.places)),
            unanswered=tuple(replace(probe, place=self._place(probe.place)) for probe in observation.unanswered),
            lines={shown(Path(file)): lines for file, lines in observation.lines.items()},
        )

    def _place(self, place: Place) -> Place:
        if place not in self._places:
            self._places[place] = replace(place, file=shown(Path(place.file)))
        return self._places[place]

    @contextlib.contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Time a part of the work."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def compared(project: Project, world: World, spaces: Mapping[str, Sequence[Case]], jobs: int, whole: bool) -> Report:
    """Run both sides in every case and return the report; `whole`: look for the smallest cases too."""
    subjects = subjects_of(project)
    clock = _Clock()
    control = _timed_opener(clock, shell_side(project.script, world))
    candidate = clock.timed("port", python_side(project.port, world))
    collector = Collector()
    with clock.span("sweep"):
        _sweep(spaces, control, candidate, jobs, collector)
    results = [entry.result for entry in collector.entries]
    with clock.span("findings"):
        if whole and any(result.verdict is Verdict.DIFFERENT for result in results):
            with control() as side:
                found = findings(results, world.env, lambda case: judge(case, side, candidate))
        else:
            found = findings(results, world.env, None)
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


def _branches(project: Project, collector: Collector, whole: bool) -> dict[str, object]:
    found = branch_coverage(project.script, collector.lines()) if whole else None
    return {"branches": found} if found else {}


def _timed_opener(clock: _Clock, open_side: OpenSide) -> OpenSide:
    @contextlib.contextmanager
    def opened() -> Iterator[Side]:
        with open_side() as side:
            yield clock.timed("script", side)

    return opened


def _sweep(
    spaces: Mapping[str, Sequence[Case]], control: OpenSide, candidate: Side, jobs: int, collector: Collector
) -> None:
    cases = [case for members in spaces.values() for case in members]
    names = [name for name, members in spaces.items() for _ in members]
    off = 0
    with Progress(len(cases), "cases") as progress:
        for done, (name, result) in enumerate(zip(names, sweep(cases, control, candidate, jobs), strict=True), 1):
            collector.add(name, result)
            off += result.verdict is not Verdict.SAME
            progress.update(done, f", {off} not the same" if off else "")


def _axes(project: Project, spaces: Mapping[str, Sequence[Case]]) -> tuple[str, ...]:
    """Return the project's axes if its jobs have them, else the first variables that they do have."""
    first = next((dict(case.env) for cases in spaces.values() for case in cases), {})
    return project.axes if any(axis in first for axis in project.axes) else tuple(first)[:2]
