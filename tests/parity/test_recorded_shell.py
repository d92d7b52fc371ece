"""The control, recorded: every case of the recorded behaviour comes out of real bash exactly as it was recorded."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port import dryrun, model
from ci_port.model.case import case_from_json
from ci_port.model.plan import bare
from ci_port.model.reading import read_text
from ci_port.model.world import load_world

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "parity" / "recorded"
SCRIPT = ROOT / "legacy" / "test.sh"
WORLD = RECORDED / "world.json"
COUNTS = {"job": 738, "mix": 667, "world": 126, "fail": 216}
# Enough to keep all workers busy to the end; each opens a recorder of its own.
CHUNKS = 24


@functools.cache
def cases(kind: str) -> list[tuple[str, str, int]]:
    """Return the lines of a file of recorded cases: they are read where they are needed."""
    path = RECORDED / f"{kind}.jsonl.gz"
    return [(line, str(path), number) for number, line in enumerate(read_text(path).splitlines(), 1)]


def parsed(line: str, path: str, number: int) -> tuple[model.Case, str]:
    """Return a case with the text of its plan."""
    case = case_from_json(model.Document(line, path, number).parse())
    return case, dumped(json.loads(line)["plan"])


def dumped(plan: object) -> str:
    """Return the text of a plan by which plans are compared."""
    return json.dumps(plan, sort_keys=True)


def difference(observation: model.Observation, want: str) -> str:
    """Describe the first differing step."""
    wanted = json.loads(want)
    got = bare(observation.plan).to_json()
    pairs = zip(got["steps"], wanted["steps"], strict=False)
    for index, (ours, recorded) in enumerate(pairs):
        if dumped(ours) != dumped(recorded):
            return f"step {index} at {observation.places[index]}:\n  recorded {recorded}\n  now      {ours}"
    short = min(len(got["steps"]), len(wanted["steps"]))
    return (
        f"status {got['status']} for {wanted['status']}; after {short} equal steps\n"
        f"  recorded {wanted['steps'][short : short + 1]}\n  now      {got['steps'][short : short + 1]}\n"
        f"  at {observation.places[short : short + 1]}\n{observation.messages}"
    )


@pytest.fixture(scope="module")
def recorder() -> Iterator[dryrun.Recorder]:
    """One recorder for all chunks that a test process takes."""
    with dryrun.Recorder(SCRIPT, load_world(WORLD)) as opened:
        yield opened


def test_all_cases_are_here() -> None:
    assert {kind: len(cases(kind)) for kind in COUNTS} == COUNTS


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_recorded_plan_comes_out(recorder: dryrun.Recorder, chunk: int) -> None:
    wrong = []
    for place in [place for kind in COUNTS for place in cases(kind)][chunk::CHUNKS]:
        case, want = parsed(*place)
        try:
            observation = recorder.observe(case)
        except model.RunFailed as error:
            wrong.append(f"{case.id}: {error}")
            continue
        if dumped(bare(observation.plan).to_json()) != want:
            wrong.append(f"{case.id}: {difference(observation, want)}")
    assert not wrong, f"{len(wrong)} differ\n" + "\n".join(wrong[:5])
