"""What remembered plans and reports are known by holds every room that they depend on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.project.file import load_project
from ci_port.project.plans import BENEATH, RECORDING
from ci_port.project.subjects import subjects_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("module", "rooms"),
    [
        ("ci_port.dryrun", {*RECORDING}),
        ("ci_port.pytorch", {"pytorch", *(path.removeprefix("ci_port/") for path in BENEATH)}),
    ],
)
def test_every_room_that_a_side_imports_is_counted(module: str, rooms: set[str]) -> None:
    code = f"import sys, {module}; print(*(name for name in sys.modules if name.startswith('ci_port.')))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.split(".")[1] for name in said.split()} <= rooms


@pytest.mark.parametrize(
    "file",
    [
        "bash/pattern.py",
        "host/plan_host.py",
        "model/plan.py",
        "parity/compare.py",
        "dryrun/native/log.c",
        "dryrun/native/recorder.h",
    ],
)
def test_a_file_that_decides_a_result_counts(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(None)
    before = subjects_of(project).tool
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda self: b"other" if self.as_posix().endswith(f"ci_port/{file}") else read(self)
    )
    assert subjects_of(project).tool != before
