"""A small project of its own for the tests: a script, a world, a table of jobs; and sides that need neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port.model import Case, Execute, Observation, Place, Plan, World
from ci_port.parity import OpenSide, Side
from ci_port.project import sides

WORLD = {
    "workspace": "/srv/work",
    "path": "/usr/bin",
    "env": {"HOME": "/srv", "SUITE": ""},
    "commands": [{"argv": ["nproc"], "stdout": "8\n"}],
    "pure": ["cat"],
}
SCRIPT = """\
#!/bin/bash
set -e
run_suite() {
  python run.py --suite "$1" --jobs "$(nproc)"
}
if [[ "$SUITE" == lint ]]; then
  ruff check > lint.log
else
  run_suite "$SUITE"
fi
"""


@dataclass(frozen=True)
class ProjectOnDisk:
    """Where everything is, and the flags that lead the command line there."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "ci-port.json"

    @property
    def flags(self) -> list[str]:
        return ["--config", str(self.config)]

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        return path


def make_project(root: Path) -> ProjectOnDisk:
    """Write a project into a folder."""
    project = ProjectOnDisk(root)
    (root / "scripts").mkdir()
    project.write("scripts/test.sh", SCRIPT)
    project.write("world.json", json.dumps(WORLD))
    project.write("jobs.csv", "SUITE,SHARD\nunit,1\nunit,2\nlint,\n")
    config = {"script": "scripts/test.sh", "world": "world.json", "jobs": "jobs.csv", "job_id": "{SUITE}"}
    project.write("ci-port.json", json.dumps(config))
    return project


def observed(world: World, case: Case, *extra: str, file: str = "test.sh") -> Observation:
    """Return a plan that shows the environment of the case."""
    start = world.start(dict(case.env))
    shown = tuple(f"{name}={start[name]}" for name in sorted(start) if name != "PATH")
    return Observation(
        Plan((Execute(("show", *shown)), Execute(("run", *extra))), 0), (Place(file, 3), Place(file, 4, ("f",)))
    )


def fake_sides(
    monkeypatch: pytest.MonkeyPatch,
    control: Callable[[World, Case], Observation],
    candidate: Callable[[World, Case], Observation],
) -> None:
    """Put callables in the place of the recorder and of the port."""

    def shell(script: Path, world: World) -> OpenSide:
        return lambda: nullcontext(lambda case: control(world.overlaid(case.world), case))

    def python(port: str, world: World, script: Path) -> Side:
        return lambda case: candidate(world.overlaid(case.world), case)

    monkeypatch.setattr(sides, "shell_side", shell)
    monkeypatch.setattr(sides, "python_side", python)
