"""The port against the recordings: every case, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.host import observe
from ci_port.model import Case, Plan, World
from ci_port.model.case import case_from_json
from ci_port.model.fields import Document
from ci_port.model.plan import bare, plan_from_json
from ci_port.model.reading import read_text
from ci_port.model.world import load_world
from ci_port.pytorch import main

RECORDED = Path(__file__).parent / "recorded"
WORLD = RECORDED / "world.json"
COUNTS = {"job": 738, "mix": 667, "world": 126, "fail": 216}


@pytest.fixture(scope="module")
def world() -> World:
    """The world of the recordings."""
    return load_world(WORLD)


def recorded(kind: str) -> list[tuple[Case, Plan]]:
    """Return the cases of one kind with the plans that real bash ran."""
    path = RECORDED / f"{kind}.jsonl.gz"
    lines = read_text(path).splitlines()
    documents = [Document(line, path.name, number) for number, line in enumerate(lines, 1)]
    return [(case_from_json(one.parse()), plan_from_json(one.parse().object("plan"))) for one in documents]


def difference(case: Case, ours: Plan, theirs: Plan) -> str:
    """Return a text that shows the first differing step."""
    for number, pair in enumerate(zip(ours.steps, theirs.steps, strict=False)):
        if pair[0] != pair[1]:
            return f"{case.id}: step {number}\n  port: {pair[0]}\n  bash: {pair[1]}"
    counts = f"{len(ours.steps)} steps of the port, {len(theirs.steps)} of bash"
    return f"{case.id}: {counts}, status {ours.status} and {theirs.status}"


@pytest.mark.parametrize("kind", COUNTS)
def test_every_recorded_plan_comes_out(kind: str, world: World) -> None:
    """Commands, order, environment, directories, redirections and status; what is fed and written is not recorded."""
    cases = recorded(kind)
    assert len(cases) == COUNTS[kind]
    plans = [(case, bare(observe(main, world, case).plan), plan) for case, plan in cases]
    differences = [difference(*row) for row in plans if row[1] != row[2]]
    assert not differences, f"{len(differences)} of {len(cases)} differ\n" + "\n".join(differences[:5])
