"""Which side runs a job: the script, the port, or the script with the port looking on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from ci_port.model.packaged import data
from ci_port.runner.project import Project, load_project


class Side(Enum):
    """Who runs the job. In shadow mode bash runs it, and the port's plan is compared on the side."""

    PORT = "port"
    SCRIPT = "script"
    SHADOW = "shadow"


class UnknownPhase(Exception):
    """The command line names a phase that the rollout does not have."""

    cause = "options"


class Choice(NamedTuple):
    """The side, why (`cause` for programs, `reason` for people), the phase in force, and the script's command."""

    side: Side
    cause: str
    reason: str
    command: tuple[str, ...]
    phase: str | None = None


def select_test_command(environment: Mapping[str, str], project: Project | None = None) -> tuple[str, ...]:
    """Return the command that CI starts for a job, as the workflow's own selection does (`_linux-test.yml`).

    Special cases keep their scripts, whatever the flag says; the flag is exactly `1` or it is off.
    """
    project = project or load_project()
    for special in project.special:
        if special.selects(environment):
            return special.command
    return project.command if environment.get(project.flag) == "1" else (project.script,)


def script_command(environment: Mapping[str, str], project: Project) -> tuple[str, ...]:
    """Return the command with which bash runs this job, whatever the flag says."""
    command = select_test_command(environment, project)
    return (project.script,) if command == project.command else command


def choose(environment: Mapping[str, str], project: Project, phase: str | None = None) -> Choice:
    """Return who runs this job; `phase` takes the place of the one in force.

    The port runs what the phase switches on; what the next phase will switch on runs in its shadow. Raises DataError
    for an unreadable rollout and UnknownPhase.
    """
    command = select_test_command(environment, project)
    if command == (project.script,):
        return Choice(Side.SCRIPT, "flag", f"{project.flag} is not 1", command)
    if command != project.command:
        return Choice(Side.SCRIPT, "special", f"this job keeps its own script, {command[0]}", command)
    return _by_phase(environment, project, phase)


def _by_phase(environment: Mapping[str, str], project: Project, wanted: str | None) -> Choice:
    from ci_port.rollout.phases import read_rollout

    script = (project.script,)
    rollout = read_rollout(data(project.rollout), project.rollout.rpartition("/")[2])
    try:
        phase = rollout.current if wanted is None else rollout.find(wanted)
    except LookupError as error:
        raise UnknownPhase(*error.args) from None
    if rollout.switched_on(phase, environment):
        return Choice(Side.PORT, "phase", f"phase {phase} switches this job on", script, phase.id)
    following = rollout.phases[len(rollout.upto(phase)) :][:1]
    if any(rollout.switched_on(next_phase, environment) for next_phase in following):
        reason = f"phase {following[0]}, which comes next, will switch this job on"
        return Choice(Side.SHADOW, "shadow", reason, script, phase.id)
    return Choice(Side.SCRIPT, "phase", f"phase {phase} does not switch this job on", script, phase.id)
