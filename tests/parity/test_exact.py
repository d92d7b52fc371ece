"""Scripts in which a recorder easily goes wrong: each in its own world, with the steps that real bash would take.

A row of `scripts/exact.jsonl` is a script, its world, and its steps: what changes in the environment, the words, where
the streams lead, and the directory if it is not the workspace.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_port.dryrun import Recorder
from ci_port.model import Case, Document, Execute, Source, Step, Write
from ci_port.model.world import world_from_json

ROWS = [json.loads(line) for line in (Path(__file__).with_name("scripts") / "exact.jsonl").read_text().splitlines()]


def shown(step: Step) -> str:
    """Return a step as a row has it."""
    if isinstance(step, Source):
        return f"source {step.path}"
    if isinstance(step, Write):
        return f"> {step.path} {step.text!r}"
    assert isinstance(step, Execute)
    streams = [f"[{name}={to}]" for name in ("stdin", "stdout", "stderr") if (to := getattr(step, name))]
    directory = [] if step.cwd == "." else [f"@{step.cwd}"]
    return " ".join([*(f"{name}={value}" for name, value in step.env), *step.argv, *streams, *directory])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_steps_are_those_of_bash(row: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "x.sh"
    script.write_text(row["script"])
    with Recorder(script, world_from_json(Document(json.dumps(row["world"]), "world").parse())) as recorder:
        plan = recorder.observe(Case("exact", ())).plan
    assert [shown(step) for step in plan.steps] == row["steps"]
    assert plan.status == 0
