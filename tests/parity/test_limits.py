"""Each limit of `docs/limits.md` has a script that shows it, and the steps that stand there are the recorded ones."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port.dryrun import Recorder
from ci_port.model import Digest, Document, Execute, Limit, RunFailed, Step, Write
from ci_port.model.case import case_from_json
from ci_port.model.world import world_from_json
from tests.parity.limits import LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
WORLD = {"version": 2, "workspace": "/w", "path": "/usr/bin", "scripts": "ci", "env": {"HOME": "/home/u"}}
_LIMIT = re.compile(r"^## (\S+)\n(?:.*?)```bash\n(.*?)```\n+```\n(.*?)```", re.MULTILINE | re.DOTALL)
SHOWN = [(found[1], found[2], found[3]) for found in _LIMIT.finditer(PAGE.read_text(encoding="utf-8"))]
NAMES = re.findall(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """A recorder whose script each row replaces."""
    script = tmp_path_factory.mktemp("limits") / "script.sh"
    script.write_text("")
    script.chmod(0o755)
    with Recorder(script, world_from_json(Document(json.dumps(WORLD), "world").parse())) as opened:
        yield opened


def shown(step: Step) -> str:
    """Return a step as the page has it."""
    if isinstance(step, Limit):
        return f"ulimit {step.resource} {step.value}"
    if isinstance(step, Write):
        return f"write {step.path} {step.text!r}"
    assert isinstance(step, Execute)
    remarks = [f"{name}={value}" for name, value in step.env]
    if isinstance(step.input, Digest):
        remarks.append(f"input {step.input.size} bytes")
    elif step.input is not None:
        remarks.append(f"input {step.input!r}")
    return shlex.join(step.argv) + (f"  # {', '.join(remarks)}" if remarks else "")


def recorded(recorder: Recorder, text: str) -> list[str]:
    """Return what is recorded of a script, each step on one line, or why it is refused."""
    files = {"/w/ci/script.sh": {"text": f"#!/bin/bash\n{text}", "mode": "755"}}
    rules = [json.loads(rule) for rule in re.findall(r"^# rule: (.*)$", text, re.MULTILINE)]
    world = {"files": files, "commands": rules}
    case = case_from_json(Document(json.dumps({"id": "limit", "world": world}), "case").parse())
    try:
        return [shown(step) for step in recorder.observe(case).plan.steps]
    except RunFailed as failed:
        return [f"error: {failed.problem}"]


@pytest.mark.parametrize(("name", "script", "steps"), SHOWN, ids=[name for name, _, _ in SHOWN])
def test_the_script_shows_the_limit(recorder: Recorder, name: str, script: str, steps: str) -> None:
    del name
    assert recorded(recorder, script) == steps.splitlines()


def test_every_limit_has_a_script() -> None:
    assert [name for name, _, _ in SHOWN] == NAMES


def test_every_known_difference_is_a_limit_of_the_page() -> None:
    assert {limit.name for limit in LIMITS} <= set(NAMES)
