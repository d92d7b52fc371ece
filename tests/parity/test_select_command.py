"""The workflow's choice of the test command and the runner's: compared as any script is with its port."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ci_port.dryrun import Recorder
from ci_port.host import Session, observe
from ci_port.model import Case, Rule, World
from ci_port.parity import Verdict, judge
from ci_port.runner.project import load_project
from ci_port.runner.select import Side, choose, script_command, select_test_command

WORKFLOW = Path(__file__).resolve().parents[2] / ".github/workflows/_linux-test.yml"

CONFIGS = (None, "", "multigpu", "multigpu_x", "xmultigpu", "default", "smoke", "onnx", "*", "multi gpu")
BUILDS = (None, "", "onnx", "linux-jammy-py3.10-onnx", "linux-onnx-cuda", "linux-jammy-py3.10-gcc11", "ONNX", "onn x")
FLAGS = (None, "", "0", "1", "01", "true", " 1", "1 ")
SCRIPTS = (".ci/pytorch/test.sh", ".ci/onnx/test.sh", ".ci/pytorch/multigpu-test.sh")
RULES = (*(Rule((script,)) for script in SCRIPTS), Rule(("python3", "**")))
WORLD = World(workspace="/w", path="/bin", commands=RULES)


def cases() -> Iterator[Case]:
    """Yield every combination; None is unset."""
    for values in itertools.product(CONFIGS, BUILDS, FLAGS):
        names = ("TEST_CONFIG", "BUILD_ENVIRONMENT", "USE_PYTHON_TEST_RUNNER")
        env = (("GITHUB_ENV", "/w/env"), *zip(names, values, strict=True))
        yield Case(repr(values), tuple(sorted(env)))


def snippet() -> str:
    """Return the workflow's step, then the command that it has chosen."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["test"]["steps"]
    text: str = next(step["run"] for step in steps if step.get("id") == "choose")
    return f"set -eo pipefail\n{text}\n$TEST_COMMAND\n"


def chosen(sh: Session) -> None:
    """What the step does, in the runner's words."""
    command = select_test_command(sh.variables)
    sh["TEST_COMMAND"] = " ".join(command)
    sh.write(sh["GITHUB_ENV"], f"TEST_COMMAND={sh['TEST_COMMAND']}\n", append=True)
    sh.run(*command)


def test_both_choose_the_same_in_every_combination(tmp_path: Path) -> None:
    script = tmp_path / "choose.sh"
    script.write_text(snippet())
    with Recorder(script, WORLD) as recorder:
        results = [judge(case, recorder.observe, lambda case: observe(chosen, WORLD, case)) for case in cases()]
    assert [result.case.id for result in results if result.verdict is not Verdict.SAME] == []
    assert len(results) == len(CONFIGS) * len(BUILDS) * len(FLAGS)


@pytest.mark.parametrize(
    ("env", "command"),
    [
        ({}, ".ci/pytorch/test.sh"),
        ({"USE_PYTHON_TEST_RUNNER": "1"}, "python3 .ci/pytorch/test_python_ci.py --fallback-on-error"),
        ({"USE_PYTHON_TEST_RUNNER": "1", "TEST_CONFIG": "multigpu"}, ".ci/pytorch/multigpu-test.sh"),
        ({"USE_PYTHON_TEST_RUNNER": "1", "BUILD_ENVIRONMENT": "linux-onnx"}, ".ci/onnx/test.sh"),
        ({"TEST_CONFIG": "multigpu", "BUILD_ENVIRONMENT": "linux-onnx"}, ".ci/pytorch/multigpu-test.sh"),
    ],
)
def test_the_special_cases_keep_their_scripts(env: dict[str, str], command: str) -> None:
    assert " ".join(select_test_command(env)) == command
    if "python3" not in command:
        assert script_command(env, load_project()) == (command,)


def test_the_runner_takes_the_workflows_side() -> None:
    # Started all the same, the runner leaves to the script whatever the workflow would have left to it.
    project = load_project()
    for case in cases():
        env = {name: value for name, value in case.env if value is not None}
        command = select_test_command(env, project)
        choice = choose(env, project, "3")
        assert (choice.side is Side.SCRIPT) == (command != project.command)
        assert choice.command == script_command(env, project)
