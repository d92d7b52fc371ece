"""Shadow mode, from end to end: bash runs the job, and the observation is written down on the side."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ci_port.model import World
from tests.parity.live_machine import ROOT, RUNNER, LiveMachine

JOB = {"BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11", "TEST_CONFIG": "smoke", "SHARD_NUMBER": "1"}


def command(folder: Path, text: str) -> str:
    """Return a command for CI_PORT_SHADOW_COMMAND that runs Python code."""
    program = folder / "ci-port"
    program.write_text(f"#!{sys.executable} -I\nimport sys, time\nsys.path[:0] = [{str(ROOT)!r}]\n{text}\n")
    program.chmod(0o755)
    return str(program)


# The machine's own `bash` is a stand-in, and the recorder needs a real one.
REAL = "import os\nos.environ['PATH'] = '/usr/bin:/bin'\nfrom ci_port.cli import entry\nentry()"


def record_of(path: Path) -> dict[str, Any]:
    """Wait for the record; the job is over long before."""
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "there is no record"
        time.sleep(0.05)
    (line,) = path.read_text().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize(
    ("name", "text", "fail", "outcome"),
    [
        ("the real thing", REAL, None, "same"),
        ("the job fails", REAL, (5, 9), "same"),
        ("the side crashes", "raise SystemExit('broken')", None, "failed"),
        ("the side hangs", "time.sleep(60)", None, "timeout"),
        ("the side answers rubbish", "print('{}')", None, "failed"),
    ],
)
def test_the_job_is_bashs_whatever_happens_on_the_side(
    machine: LiveMachine,
    packaged_world: World,
    tmp_path: Path,
    name: str,
    text: str,
    fail: tuple[int, int] | None,
    outcome: str,
) -> None:
    del name
    start = packaged_world.start(JOB)
    env = {
        **machine.environment(JOB),
        "USE_PYTHON_TEST_RUNNER": "1",
        "CI_PORT_SHADOW_COMMAND": command(tmp_path, text),
        "CI_PORT_SHADOW_SECONDS": "1" if "sleep" in text else "60",
        "CI_PORT_RECORD": str(tmp_path / "record"),
    }
    machine.reset(start, fail)
    script = machine.run_script(env)
    machine.reset(start, fail)
    shadowed = machine.run_port(env, "--phase", "0")
    assert shadowed.comparable == script.comparable
    record = record_of(tmp_path / "record")
    assert (record["side"], record["cause"], record["status"]) == ("shadow", "shadow", None)
    assert record["shadow"]["outcome"] == outcome, record["shadow"]
    assert record["versions"]["script"]


def test_a_side_that_cannot_even_load_the_port(machine: LiveMachine, packaged_world: World, tmp_path: Path) -> None:
    import zipfile

    broken = tmp_path / "broken.py"
    with zipfile.ZipFile(machine.bundled) as old, zipfile.ZipFile(broken, "w") as new:
        for member in old.namelist():
            if member not in ("code.bin", "ci_port/pytorch/__init__.py"):
                new.writestr(member, old.read(member))
    env = {
        **machine.environment(JOB),
        "USE_PYTHON_TEST_RUNNER": "1",
        "CI_PORT_RECORD": str(tmp_path / "record"),
    }
    machine.reset(packaged_world.start(JOB))
    script = machine.run_script(env)
    machine.reset(packaged_world.start(JOB))
    shadowed = machine.run([*RUNNER, str(broken), "--phase", "0"], env)
    assert shadowed.comparable == script.comparable
    assert record_of(tmp_path / "record")["shadow"]["outcome"] == "failed"
