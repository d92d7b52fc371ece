"""Shadow mode: bash runs the job; on the side, the port's plan is compared with the script's own dry plan.

The side is another process, started before this one becomes bash. Whatever happens there, the job is bash's. The
script's dry plan comes from the command line of ci-port, where there is one: the recorder needs more than the standard
library and is no part of the bundle.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping

from ci_port.runner.describe import describe
from ci_port.runner.project import Project

SECONDS = 300.0
"""How long the side may take; CI_PORT_SHADOW_SECONDS sets another time."""

COMMAND = "CI_PORT_SHADOW_COMMAND"
"""The variable with ci-port's command, split at blanks; without it, this Python's own ci_port, if it has a recorder."""

Observation = Mapping[str, object]


def beside(work: Callable[[], None]) -> None:
    """Start `work` in a process that nobody waits for, with nothing of this one's input and output."""
    if os.fork():
        os.wait()
        return
    try:
        if not os.fork():
            os.setsid()
            _go_quiet()
            work()
    finally:
        os._exit(0)


def _go_quiet() -> None:
    """Be no burden: lowest priority, no terminal, and no pipe that a reader of the job would wait for."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.nice(10)


def observe(environment: Mapping[str, str], project: Project) -> Observation:
    """Return the observation: `outcome` is same, different, failed, timeout or unavailable; never raises."""
    began = time.monotonic()
    try:
        outcome, detail = _compared(environment, project, began)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what was observed
        outcome, detail = "failed", f"the port could not be planned: {describe(error)}"
    return {"outcome": outcome, "detail": detail, "seconds": round(time.monotonic() - began, 3)}


def _compared(environment: Mapping[str, str], project: Project, began: float) -> tuple[str, str]:
    import subprocess

    from ci_port.model import plan as plans
    from ci_port.runner import preflight

    candidate = preflight.plan(project.program(), environment, project)
    command = _command(environment)
    if not command:
        return "unavailable", f"there is no ci-port here to plan the script with; {COMMAND} names one"
    limit = float(environment.get("CI_PORT_SHADOW_SECONDS") or SECONDS)
    try:
        control = subprocess.run(
            [*command, "plan", "--impl", "shell", "--script", project.script, "--cases", "-", "--format", "jsonl"],
            input=plans.dumps({"id": "shadow", "env": _changes(environment, project)}).encode(),
            capture_output=True,
            timeout=max(0.0, limit - (time.monotonic() - began)),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "timeout", f"the script's dry plan took more than {limit:g} seconds"
    return _judged(candidate.to_json(), control.stdout.decode(errors="replace"), control.returncode)


def _judged(candidate: Mapping[str, object], answer: str, status: int) -> tuple[str, str]:
    """Compare the plans. Nothing of them is in what is returned, and nothing that ci-port says of the script's."""
    import json

    try:
        line = json.loads(answer)
        control = line["plan"]
    except (ValueError, KeyError, TypeError):
        return "failed", f"the script could not be planned: ci-port ended with {status}"
    if control == candidate:
        return "same", f"{len(control['steps'])} steps"
    steps = zip(control["steps"], candidate["steps"], strict=False)  # type: ignore[call-overload]
    first = next((number for number, (left, right) in enumerate(steps, 1) if left != right), None)
    return "different", f"step {first}" if first else "one plan is longer, or the exit status differs"


def _command(environment: Mapping[str, str]) -> list[str]:
    if named := environment.get(COMMAND):
        return named.split()
    from importlib.util import find_spec

    return [sys.executable, "-m", "ci_port"] if find_spec("ci_port.dryrun") else []


def _changes(environment: Mapping[str, str], project: Project) -> dict[str, str | None]:
    """Return what makes the packaged world's environment the job's own; PATH stays the world's."""
    from ci_port.runner import preflight

    packaged = preflight.packaged_world(project).env
    changes: dict[str, str | None] = {name: None for name in packaged if name not in environment}
    return {**changes, **{name: value for name, value in environment.items() if name != "PATH"}}
