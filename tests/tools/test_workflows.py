"""The workflows: valid for GitHub, their commands clean for shellcheck, and what they hand on."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
LINUX_TEST = ROOT / ".github/workflows/_linux-test.yml"
EXPRESSION = re.compile(r"\$\{\{.*?\}\}")


def loaded(path: Path) -> dict[Any, Any]:
    """Return a workflow; YAML 1.1 reads the key `on` as true."""
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def run_blocks() -> Iterator[tuple[str, str]]:
    """Yield every `run:` of every workflow, with a name for people."""
    for path in WORKFLOWS:
        for job_name, job in loaded(path)["jobs"].items():
            for number, step in enumerate(job.get("steps", ()), 1):
                if "run" in step:
                    yield f"{path.name}:{job_name}:{step.get('name', number)}", step["run"]


BLOCKS = list(run_blocks())


def test_github_accepts_them() -> None:
    # actionlint's package fetches a binary when it is installed; the schema comes with check-jsonschema.
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        *map(str, WORKFLOWS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_run_blocks_are_clean(name: str, block: str) -> None:
    assert not EXPRESSION.search(block), "values come in through the environment, never through a command's text"
    done = subprocess.run(
        [shellcheck(), "--shell=bash", "-"],
        input="#!/bin/bash\nset -eo pipefail\n" + block,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def shellcheck() -> str:
    return str(Path(sys.executable).with_name("shellcheck"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_expressions_are_closed_and_know_their_contexts(path: Path) -> None:
    text = path.read_text()
    assert text.count("${{") == len(EXPRESSION.findall(text))
    known = {"inputs", "matrix", "github", "steps", "runner", "env", "secrets", "needs", "fromJSON", "always"}
    for expression in EXPRESSION.findall(text):
        names = re.findall(r"(?<![\w.'-])([A-Za-z]\w*)(?=[.(])", re.sub(r"'[^']*'", "", expression))
        assert set(names) <= known, expression


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_inputs_matrix_values_and_steps_that_are_used_exist(path: Path) -> None:
    workflow = loaded(path)
    text = path.read_text()
    inputs = (workflow[True] or {}).get("workflow_call", {}) if isinstance(workflow[True], dict) else {}
    declared = set((inputs or {}).get("inputs", ()))
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == declared
    for job in workflow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        if isinstance(matrix, dict):
            assert set(re.findall(r"matrix\.(\w+)", json.dumps(job))) <= set(matrix)
        ids = {step["id"] for step in job.get("steps", ()) if "id" in step}
        assert set(re.findall(r"steps\.([\w-]+)\.", json.dumps(job))) <= ids


def test_the_input_is_off_unless_asked_for() -> None:
    workflow = loaded(LINUX_TEST)
    switch = workflow[True]["workflow_call"]["inputs"]["use-python-test-runner"]
    assert switch["type"] == "boolean"
    assert switch["default"] is False
    assert switch["description"]
    env = workflow["jobs"]["test"]["env"]
    assert env["USE_PYTHON_TEST_RUNNER"] == "${{ inputs.use-python-test-runner && '1' || '0' }}"


def test_what_the_script_reads_reaches_it() -> None:
    job = loaded(LINUX_TEST)["jobs"]["test"]
    with (ROOT / "ci_port/data/pytorch/jobs.csv").open() as file:
        wanted = set(next(csv.reader(file)))
    world = json.loads((ROOT / "ci_port/data/pytorch/world.json").read_text())
    # What the image sets, and what GitHub sets for every step.
    wanted |= set(world["env"]) - {"HOME", "USER", "LANG", "ROCM_HOME", "MAX_JOBS", "GITHUB_ACTIONS"}
    assert wanted <= set(job["env"])
    test = next(step["run"] for step in job["steps"] if step.get("name") == "Test")
    passed = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", test.partition("variables=(")[2].partition(")")[0]))
    assert wanted | {"GITHUB_ACTIONS", "USE_PYTHON_TEST_RUNNER", "CI_PORT_RECORD", "TEST_COMMAND"} <= passed


def test_the_record_is_kept_even_of_a_failed_job() -> None:
    steps = loaded(LINUX_TEST)["jobs"]["test"]["steps"]
    upload = next(step for step in steps if step.get("uses", "").startswith("actions/upload-artifact"))
    assert upload["if"] == "always()"


def test_the_record_lies_outside_the_checkout() -> None:
    # Many suites end with a check that the checkout is clean.
    job = loaded(LINUX_TEST)["jobs"]["test"]
    test = next(step["run"] for step in job["steps"] if step.get("name") == "Test")
    workspace = re.search(r"--workdir=(\S+)", test)
    assert workspace
    assert not job["env"]["CI_PORT_RECORD"].startswith(workspace[1] + "/")
    assert job["env"]["CI_PORT_RECORD"].startswith("/")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_runs_a_change_may_write_nothing_and_what_may_write_runs_none(path: Path) -> None:
    workflow = loaded(path)
    rights = [workflow.get("permissions", {}), *(job.get("permissions", {}) for job in workflow["jobs"].values())]
    writes = any("write" in (right if isinstance(right, str) else str(right.values())) for right in rights)
    uses = {
        step.get("uses", "").partition("@")[0] for job in workflow["jobs"].values() for step in job.get("steps", ())
    }
    assert "permissions" in workflow
    if "workflow_run" in workflow[True]:
        assert "actions/checkout" not in uses
    else:
        assert not writes


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_named_by_what_cannot_move(path: Path) -> None:
    for job in loaded(path)["jobs"].values():
        for step in job.get("steps", ()):
            if "uses" in step:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
