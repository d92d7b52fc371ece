"""What the runs of a script have shown: it is run dry, and the recorder writes down each command that it starts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ci_port.model import Case, RunFailed
from ci_port.model.errors import CannotRun
from ci_port.model.world import load_world
from ci_port.parity import ordered
from ci_port.parity.progress import OpenProgress, unseen
from ci_port.project.cases import load_cases
from ci_port.project.file import Project
from ci_port.project.spaces import jobs_of

if TYPE_CHECKING:
    from ci_port.shell.coverage import Coverage, Reader, Run


def coverages(
    project: Project, files: Sequence[str], reader: Reader, jobs: int, progress: OpenProgress = unseen
) -> list[Coverage]:
    """Return what each set of cases covers of the script, CI's own jobs without any; several also all together."""
    sets = [(name, load_cases(name)) for name in files] or [("CI's jobs", jobs_of(project))]
    found = [(name, *_runs(cases, project, reader, jobs, progress)) for name, cases in sets]
    if len(found) > 1:
        every = [run for _, runs, _ in found for run in runs]
        found.append(("all together", every, [problem for _, _, failed in found for problem in failed]))
    result = []
    for name, runs, failed in found:
        result.append(reader.coverage(name, runs))
        result[-1].failed = failed
    return result


def _runs(
    cases: Sequence[Case], project: Project, reader: Reader, jobs: int, progress: OpenProgress
) -> tuple[list[Run], list[str]]:
    """Return what each case's run showed, and the cases that failed with their reasons."""
    runs: list[Run] = []
    failed: list[str] = []
    with progress(len(cases), "runs") as shown:
        for done, result in enumerate(ordered(cases, _opener(project, reader), jobs), 1):
            if isinstance(result, str):
                failed.append(result)
            else:
                runs.append(result)
            shown.update(done)
    return runs, failed


def _opener(
    project: Project, reader: Reader
) -> Callable[[], contextlib.AbstractContextManager[Callable[[Case], Run | str]]]:
    from ci_port.dryrun import CannotRunHere, Recorder

    world = load_world(project.world)

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Run | str]]:
        try:
            recorder = Recorder(project.script, world, courses=True)
        except CannotRunHere as error:
            raise CannotRun(str(error)) from None

        def observe(case: Case) -> Run | str:
            try:
                return reader.run(recorder.observe(case))
            except RunFailed as error:
                return case.wrong or f"{case.id}: {error}"

        with recorder:
            yield observe

    return open_worker
