"""Sets of cases by name: the project's spaces, files of the command line, and bad days made from either."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci_port.model import Case, World
from ci_port.model.errors import UsageError
from ci_port.parity.failures import environments, failing_each_step
from ci_port.project import sides
from ci_port.project.cases import load_case_files, load_cases, load_jobs
from ci_port.project.file import JOBS, Project


def jobs_of(project: Project) -> list[Case]:
    """Return CI's own jobs; raises DataError with file, line and column."""
    return load_jobs(project.jobs, project.job_id)


def jobs_or_files(project: Project, files: Sequence[str] | None) -> list[Case]:
    """Return the cases of the files, CI's own jobs without any; raises UsageError if there is no case at all."""
    cases = load_case_files(files) if files else jobs_of(project)
    if not cases:
        raise UsageError("there is no job to compare: the files hold none")
    return cases


def spaces_of(project: Project, names: Sequence[str] | None, files: Sequence[str] | None) -> dict[str, list[Case]]:
    """Return what is asked for: named spaces of the project, files of cases, or, without either, CI's jobs.

    Raises UsageError when an id stands in two of them, or there is no case at all.
    """
    named = dict.fromkeys(names or ([] if files else [JOBS]))
    spaces = _apart({name: named_space(name, project) for name in named})
    for file in files or []:
        spaces[_unused(_stem(file), spaces)] = load_cases(file)
    if not any(spaces.values()):
        raise UsageError("there is no case to compare: the files hold none")
    _check_ids(spaces)
    return spaces


def named_space(name: str, project: Project) -> list[Case]:
    """Return the cases of a space of the project; raises UsageError with the spaces that there are."""
    if name == JOBS:
        return jobs_of(project)
    files = dict(project.spaces)
    if name not in files:
        raise UsageError(f"there is no space {name!r}; the spaces are {', '.join([JOBS, *files])}")
    return load_cases(str(files[name]))


def _apart(spaces: Mapping[str, Sequence[Case]]) -> dict[str, list[Case]]:
    """Return the spaces with ids that are unique: a case of a later space is called by its space too."""
    seen: set[str] = set()
    apart: dict[str, list[Case]] = {}
    for name, cases in spaces.items():
        apart[name] = [replace(case, id=f"{name}/{case.id}") if case.id in seen else case for case in cases]
        seen.update(case.id for case in apart[name])
    return apart


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


def failing(cases: Sequence[Case], project: Project, world: World) -> tuple[list[Case], int]:
    """Return the environments of the cases with every command failing in turn, and how many environments there are.

    The port says which commands there are. Should it leave one out, the case as it stands is different, and that is
    what it is kept for.
    """
    side = sides.python_side(project.port, world, project.script)
    bare = environments(cases)
    found: list[Case] = []
    for case in bare:
        found.append(case)
        # A case that cannot be planned stays as it is: the sweep says why.
        with contextlib.suppress(Exception):
            found += failing_each_step(case, side(case).plan)
    return found, len(bare)
