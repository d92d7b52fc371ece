"""Script and port, run for real: every command is a stand-in that logs how it was called, and both logs are equal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ci_port.host import observe
from ci_port.model import Case, World
from ci_port.model.world import load_world
from ci_port.project.cases import load_jobs
from ci_port.project.file import load_project
from ci_port.pytorch import main
from tests.parity.live_machine import LiveMachine

JOBS = 62
FAILURES_PER_JOB = 3
FAILING_JOBS = 42
STATUSES = (1, 2, 126, 127, 137)


def _chosen() -> list[tuple[Case, int]]:
    """CI's jobs that together reach everything that jobs reach in the port, then others; with their number of steps.

    A job that reaches a function or a line that none before it has reached is taken, then one of each configuration
    that is left.
    """
    project = load_project(None)
    world = load_world(project.world)
    jobs = load_jobs(project.jobs, project.job_id)
    reached: set[object] = set()
    first: list[tuple[Case, int]] = []
    others: dict[str | None, tuple[Case, int]] = {}
    for case in jobs:
        seen = observe(main, world, case)
        lines = {(place.file, place.line) for place in seen.places}
        lines |= {(name, 0) for place in seen.places for name in place.functions}
        if lines - reached:
            reached |= lines
            first.append((case, len(seen.plan.steps)))
        else:
            others.setdefault(dict(case.env)["TEST_CONFIG"], (case, len(seen.plan.steps)))
    return (first + list(others.values()))[:JOBS]


CHOSEN = _chosen()


def _failing() -> Iterator[tuple[Case, tuple[int, int]]]:
    """Variants of the first jobs in which one command fails: early, in the middle, late; with various statuses."""
    for number, (case, steps) in enumerate(CHOSEN[:FAILING_JOBS]):
        for part in range(FAILURES_PER_JOB):
            step = 1 + (steps * (2 * part + 1) // (2 * FAILURES_PER_JOB) + number) % steps
            yield case, (step, STATUSES[(number + part) % len(STATUSES)])


FAILING = list(_failing())


@pytest.mark.parametrize("case", [case for case, _ in CHOSEN], ids=lambda case: case.id)
def test_job_runs_the_same_commands_for_real(machine: LiveMachine, packaged_world: World, case: Case) -> None:
    compare(machine, packaged_world, case)


@pytest.mark.parametrize(
    ("case", "failure"), FAILING, ids=lambda part: getattr(part, "id", None) or f"fails-{part[0]}-with-{part[1]}"
)
def test_failing_job_runs_the_same_commands_for_real(
    machine: LiveMachine, packaged_world: World, case: Case, failure: tuple[int, int]
) -> None:
    compare(machine, packaged_world, case, failure)


def test_there_are_enough_of_both() -> None:
    assert len(CHOSEN) >= 60
    assert len(FAILING) >= 120


def compare(machine: LiveMachine, world: World, case: Case, fail: tuple[int, int] | None = None) -> None:
    """Run both sides on the same machine, as new for each, and compare all that they did."""
    env = {**machine.environment(dict(case.env)), "USE_PYTHON_TEST_RUNNER": "1"}
    start = world.start(dict(case.env))
    machine.reset(start, fail)
    script = machine.run_script(env)
    machine.reset(start, fail)
    port = machine.run_port(env, "--phase", "3", "--no-fallback")
    assert script.log, script.stderr
    assert port.commands == script.commands, port.stderr
    assert port.comparable == script.comparable
