"""Every command fails in turn, once a run: script and port go on, or stop, in the same way.

`ci-port parity --fail-each-step` runs them all; so does `tools/test --long`. The quick profile takes every third.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import ci_port.pytorch
from ci_port.host import observe
from ci_port.model import Case
from ci_port.model.case import read_cases
from ci_port.model.reading import read_text
from ci_port.model.world import load_world
from ci_port.parity import Verdict
from ci_port.parity.compare import judge
from ci_port.parity.failures import environments, failing_each_step
from ci_port.project.file import load_project
from ci_port.project.sides import shell_side

RECORDED = Path(__file__).with_name("recorded") / "fail.jsonl.gz"
PROJECT = load_project(None)
WORLD = load_world(PROJECT.world)
ENVIRONMENTS = environments(read_cases(read_text(RECORDED), RECORDED.name))
CHUNKS = 8


def failing(case: Case) -> list[Case]:
    return list(failing_each_step(case, observe(ci_port.pytorch.main, WORLD, case).plan))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_port_fails_as_the_script_does(chunk: int, request: pytest.FixtureRequest) -> None:
    cases = [*ENVIRONMENTS, *(variant for case in ENVIRONMENTS for variant in failing(case))]
    step = CHUNKS if request.config.getoption("--long") else 3 * CHUNKS
    with shell_side(PROJECT.script, WORLD)() as control:
        results = [
            judge(case, control, lambda same: observe(ci_port.pytorch.main, WORLD, same)) for case in cases[chunk::step]
        ]
    assert [result for result in results if result.verdict is not Verdict.SAME] == []
    assert len(results) >= 50


def test_the_environments_are_those_of_the_recordings() -> None:
    assert len(ENVIRONMENTS) == 38
