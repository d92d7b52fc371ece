"""What a review is handed: how script and port are asked for their plans, and all that those depend on."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ci_port.model import Case, RunFailed, World
from ci_port.model.case import case_to_json
from ci_port.model.errors import UsageError
from ci_port.model.fingerprint import of_data, of_directory, of_files
from ci_port.model.links import real
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import Report, ordered
from ci_port.parity.progress import OpenProgress, unseen
from ci_port.project import sides
from ci_port.project.cases import load_jobs
from ci_port.project.file import PACKAGED, Project
from ci_port.project.ports import port_files
from ci_port.project.subjects import TOOL
from ci_port.review import plansets
from ci_port.review.cache import Cache, cases_fingerprint, key_of
from ci_port.review.diff_plan import JOBS
from ci_port.review.plansets import Planned, PlanSet
from ci_port.review.programs import Program, Work


def work_of(
    project: Project,
    cases: Sequence[Case],
    jobs: int,
    cache: Cache,
    progress: OpenProgress = unseen,
    *,
    file: Path | None = None,
    own_jobs: bool = True,
) -> Work:
    """Return what a review needs to compare plans of this project's script and port, whatever the revision.

    `file` is the project file, if any; `own_jobs`: the cases are those of the project's table of jobs.
    """
    given = {"the world": project.world, "the project file": file or PACKAGED}

    def record(script: Path, cases: Sequence[Case]) -> PlanSet:
        return record_script(script, load_world(project.world), cases, jobs, progress)

    def plan(root: Path, cases: Sequence[Case]) -> PlanSet:
        return plan_port(root, project.port, project.world, cases)

    return Work(
        script=Program(str(project.script), script_key, record),
        script_file=project.script,
        port=Program(project.port, functools.partial(port_key, port=project.port), plan),
        port_file=lambda: _file_of(project.port),
        cases=cases,
        about=cases_fingerprint(project.world, cases),
        cache=cache,
        given={**given, JOBS: project.jobs} if own_jobs else given,
        jobs_in=(lambda path: load_jobs(path, project.job_id)) if own_jobs else None,
    )


def record_script(
    script: Path, world: World, cases: Sequence[Case], jobs: int, progress: OpenProgress = unseen
) -> PlanSet:
    """Return what the script does in each case, under real bash."""
    open_side = sides.shell_side(script, world)

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Planned]]:
        with open_side() as side:
            yield lambda case: plansets.asked(side, case)

    plans: PlanSet = {}
    with progress(len(cases), f"jobs with {script.name}") as shown:
        for case, found in zip(cases, ordered(cases, open_worker, jobs), strict=True):
            plans[case.id] = found
            shown.update(len(plans))
    return plans


def plan_port(root: Path, port: str, world: Path, cases: Sequence[Case]) -> PlanSet:
    """Return what the port of another tree does in each case, planned by that tree's own code in a process of its own.

    Raises RunFailed where it cannot be asked at all.
    """
    right = [case for case in cases if not case.wrong]
    lines = "".join(dumps(case_to_json(case)) + "\n" for case in right)
    search = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")]), str(TOOL.parent)])
    command = [sys.executable, "-m", "ci_port", "plan", "--impl", "python", "--port", port, "--world", str(world)]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*command, "--cases", "-", "--format", "jsonl"],
            input=lines.encode(errors="surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=root,
            env={**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
        said.seek(0)
        last = said.read().decode(errors="replace").strip().splitlines()[-1:]
    plans = plansets.read_said(done.stdout.decode(errors="surrogateescape"), "the port's plans")
    if len(plans) != len(right):
        reason = last[0] if last else f"it ended with status {done.returncode}"
        raise RunFailed(reason)
    return {case.id: Planned(case.wrong) if case.wrong else plans[case.id] for case in cases}


def script_key(script: Path) -> list[str]:
    """Return all that the plans of a script depend on beside the cases."""
    return ["script", script.name, of_directory(real(script).parent), _recorder_fingerprint()]


def _recorder_fingerprint() -> str:
    """Return the fingerprint of what records: another recorder may see other plans."""
    return of_data([of_directory(TOOL / room, kind) for room in RECORDING for kind in ("*.py", "*.[ch]")])


RECORDING = ("bash", "dryrun", "model")


def port_key(root: Path, port: str) -> list[str]:
    """Return all that the plans of a tree's port depend on beside the cases."""
    module = root.joinpath(*port.partition(":")[0].split("."))
    own = of_directory(module, "*.py") if module.is_dir() else of_files(root, [module.with_suffix(".py")])
    beneath = [of_directory(root / room, "*.py") for room in BENEATH if (root / room).is_dir()]
    return ["port", port, of_data([own, *beneath])]


# Beside its own package, what a port's behaviour rests on when it stands in this repository.
BENEATH = tuple(f"ci_port/{room}" for room in ("bash", "host", "model", "parity", "project", "cli"))


def _file_of(port: str) -> Path | None:
    with contextlib.suppress(UsageError):
        files = port_files(port)
        return next((path for path in files if path.name == "__init__.py"), files[0])
    return None


# More cases than this are no reviewer's set of jobs, and would push those out of the memory.
_REMEMBERED = 5_000


def remember(project: Project, spaces: Mapping[str, Sequence[Case]], report: Report, cache: Cache) -> None:
    """Keep the script's plans, so that a `diff-plan` that follows need not record this script again."""
    for name, cases in spaces.items():
        entries = [entry for entry in report.entries if entry.space == name]
        seen = {one.result.case.id: one.result.observations[0] for one in entries if one.result.observations}
        if len(seen) == len(cases) <= _REMEMBERED:
            plans = {id: plansets.planned(observation) for id, observation in seen.items()}
            cache.put(key_of(script_key(project.script), cases_fingerprint(project.world, cases)), plans)
