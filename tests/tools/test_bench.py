"""`tools/bench` measures what it says. How fast things are is for a quiet machine, not for a test."""

from __future__ import annotations

import json
from pathlib import Path

from ci_port.model.world import load_world
from ci_port.project.cases import load_jobs
from ci_port.project.file import load_project
from ci_port.project.sides import shell_side
from tests.tools.checkout import run_here
from tools.lib.stub_baseline import StubBaseline


def test_the_baseline_takes_the_same_way_as_the_recorder(tmp_path: Path) -> None:
    project = load_project(None)
    world = load_world(project.world)
    case = load_jobs(project.jobs, project.job_id)[0]
    with shell_side(project.script, world)() as side:
        plan = side(case).plan
    recorded = [step.argv[0] for step in plan.steps if step.kind == "exec"]  # type: ignore[union-attr]
    for shell in ("/bin/bash", "/bin/sh"):
        baseline = StubBaseline(tmp_path / Path(shell).name, project.script, world, case, plan, shell=shell)
        assert baseline.run() == len(recorded)
        assert baseline.run() == len(recorded)


def test_every_figure_is_a_ratio_with_its_meaning() -> None:
    done = run_here("tools/bench", "--quick", "--format", "json", "recorder", "port", "memory")
    assert done.returncode in (0, 1), done.stderr
    figures = {figure["name"]: figure for figure in json.loads(done.stdout)}
    assert {"stubs / recorder", "plan / 1 ms", "parity / bash, memory"} <= set(figures)
    assert all(figure["ratio"] > 0 and figure["meaning"] for figure in figures.values())
    assert figures["commands logged / recorded"]["ratio"] == 1
    assert done.returncode == any(figure["kept"] is False for figure in figures.values())


def test_what_is_not_measured_is_refused() -> None:
    done = run_here("tools/bench", "nothing")
    assert done.returncode == 2
    assert "invalid choice: 'nothing'" in done.stderr
