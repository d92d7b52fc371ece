"""A project's rollout, and the present to which a gate holds reports and evidence."""

from __future__ import annotations

import datetime
import functools

from ci_port.model import DataError
from ci_port.model.errors import UsageError
from ci_port.parity import Space, space_of
from ci_port.project.file import Project
from ci_port.project.spaces import jobs_of, named_space
from ci_port.project.subjects import subjects_of
from ci_port.rollout.gate import Present
from ci_port.rollout.phases import Gate, Phase, Rollout, load_rollout
from ci_port.rollout.records import job_variables


def rollout_of(project: Project) -> Rollout:
    """Return the rollout of the project; raises DataError with file, line and field."""
    return load_rollout(project.rollout)


def phase_of(rollout: Rollout, text: str) -> Phase:
    """Return the phase of this id or name; raises UsageError with the phases that there are."""
    try:
        return rollout.find(text)
    except LookupError as error:
        raise UsageError(str(error)) from None


def present_of(project: Project, gate: Gate | None) -> Present:
    """Return what a gate is held against, as it is now; raises UsageError for a job that is wrong: it might decide."""
    jobs = jobs_of(project)
    if wrong := [job.wrong for job in jobs if job.wrong]:
        raise UsageError("\n".join(wrong))
    return Present(
        subjects=subjects_of(project),
        jobs=jobs,
        spaces={name: _space(name, project) for name in (gate.spaces if gate else ())},
        now=datetime.datetime.now(datetime.timezone.utc),
        variables=functools.partial(job_variables, project.job_id),
    )


def _space(name: str, project: Project) -> Space | None:
    try:
        return space_of(name, named_space(name, project))
    except (DataError, UsageError):
        return None
