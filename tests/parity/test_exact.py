"""Scripts in which a recorder easily goes wrong: each in its own world, with the steps that real bash would take.

A row of `scripts/exact.jsonl` is a script, its world, and its steps as `scene.told` shows them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_port.dryrun import Recorder
from ci_port.model import Case, Document
from ci_port.model.world import world_from_json
from tests.unit.dryrun import scene

ROWS = [json.loads(line) for line in (Path(__file__).with_name("scripts") / "exact.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_steps_are_those_of_bash(row: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "x.sh"
    script.write_text(row["script"])
    with Recorder(script, world_from_json(Document(json.dumps(row["world"]), "world").parse())) as recorder:
        observation = recorder.observe(Case("exact", ()))
    assert scene.told(observation) == row["steps"]
    assert observation.plan.status == 0
