"""All that can be known before the first command: may the port run this job at all?

The whole run is planned dry, in the packaged world (the machine that parity was shown on) with the job's environment.
Nothing of the live machine is asked, so this is safe, the same on every machine, and can be compared: the plan's
fingerprint is that of `ci-port plan` for the same environment.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType
from typing import NamedTuple, NoReturn

from ci_port.bash.variables import why_not_followed
from ci_port.host import Session, observe
from ci_port.model import Case, Document, Environment, Plan
from ci_port.model.packaged import data
from ci_port.model.world import World, world_from_json
from ci_port.runner.lock import SHOWN, Lock, drift, packaged_lock
from ci_port.runner.project import Project
from ci_port.runner.signals import die

SECONDS = 60
"""How long the preflight may take; it needs some hundredths of one."""


class NotReady(Exception):
    """The port must not run this job. `cause` is a word for programs."""

    def __init__(self, cause: str, reason: str) -> None:
        self.cause = cause
        super().__init__(reason)


class Ready(NamedTuple):
    """The port may run: the program, the plan it would follow on the packaged machine, and what it was verified as."""

    program: Callable[[Session], None]
    plan: Plan
    lock: Lock


def prepare(environment: Mapping[str, str], project: Project) -> Ready:
    """Return the port and its plan; raises NotReady, or whatever a broken port raises."""
    old = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return _prepared(environment, project)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    if signal.getitimer(signal.ITIMER_REAL)[0]:  # somebody else has sent it
        die(number)
    raise NotReady("timeout", f"the preflight took more than {SECONDS} seconds")


def _prepared(environment: Mapping[str, str], project: Project) -> Ready:
    if problem := why_not_followed(environment):
        raise NotReady("environment", problem)
    lock = check_script(project)
    program = project.program()
    return Ready(program, plan(program, environment, project), lock)


def check_script(project: Project) -> Lock:
    """Return the lock; raises NotReady unless the script in the checkout is the one that is locked."""
    if not os.path.isfile(project.script):
        raise NotReady("missing-script", f"there is no {project.script} in {os.getcwd()}")
    try:
        lock = packaged_lock(project)
    except (OSError, ValueError) as error:
        raise NotReady("lock", f"the lock cannot be read: {error}") from None
    changed = drift(lock, os.path.dirname(project.script))
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        names = "; ".join(changed[:SHOWN])
        raise NotReady("drift", f"{project.script} is not the script that the port was verified against: {names}{more}")
    return lock


def plan(program: Callable[[Session], None], environment: Mapping[str, str], project: Project) -> Plan:
    """Return what the port would do for this environment on the packaged machine; raises what the port raises."""
    return observe(program, world_for(environment, project), Case(project.job(environment), ())).plan


def world_for(environment: Mapping[str, str], project: Project) -> World:
    """Return the packaged world with this environment as its own; PATH stays the world's, where its programs are."""
    world = packaged_world(project)
    return replace(world, env=Environment({**environment, "PATH": world.path}))


def packaged_world(project: Project) -> World:
    """Return the world that the package brings; raises OSError or DataError."""
    return world_from_json(Document(data(project.world), project.world.rpartition("/")[2]).parse())
