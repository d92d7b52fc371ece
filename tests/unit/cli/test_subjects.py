"""What a result depends on: a change of the recorder is a change of the tool, whatever its language."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.cli import plansets, subjects


def tool_fingerprint() -> str:
    """Return the fingerprint that a report holds of this tool."""
    return subjects._of(subjects._tool_files([]))


@pytest.mark.parametrize("fingerprint", [tool_fingerprint, plansets.recorder_fingerprint])
@pytest.mark.parametrize(
    "name", ["dryrun/layout.py", "dryrun/native/log.c", "dryrun/native/recorder.h", "model/plan.py"]
)
def test_a_changed_source_of_the_recorder_is_another_recorder(
    fingerprint: Callable[[], str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("dryrun", "model"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(subjects.TOOL / room, tmp_path / room, ignore=ignored)
    for module in (plansets, subjects):
        monkeypatch.setattr(module, "TOOL", tmp_path)
    before = fingerprint()
    assert fingerprint() == before
    with open(tmp_path / name, "a", encoding="utf-8") as file:
        file.write("\n")
    assert fingerprint() != before
