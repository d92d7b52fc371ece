"""`ci-port lock`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from ci_port.cli import lock as command
from ci_port.cli import main
from ci_port.model import Case, Execute, Observation, Plan
from ci_port.project import sides
from ci_port.runner.lock import read_lock
from tests.unit.project.project_on_disk import ProjectOnDisk

Capture = pytest.CaptureFixture[str]


def same(case: Case) -> Observation:
    return Observation(Plan((Execute(("env",)),), 0))


def other(case: Case) -> Observation:
    return Observation(Plan((Execute(("ls",)),), 0))


@pytest.fixture
def lockable(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> ProjectOnDisk:
    """A project whose sides plan the same."""
    monkeypatch.setattr(sides, "shell_side", lambda script, world: lambda: nullcontext(same))
    monkeypatch.setattr(sides, "python_side", lambda port, world, script: same)
    return project


def test_written_when_every_job_is_the_same(lockable: ProjectOnDisk, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "lock.json"
    assert main(["lock", "-o", str(target), "--port", "ci_port.pytorch:main", *lockable.flags]) == 0
    assert f"are the same; wrote {target}" in capsys.readouterr().out
    lock = read_lock(target.read_text(), str(target))
    (file,) = lock.files.values()
    names = [branch.id.partition("/")[0] for branch in file.branches]
    assert "run_suite" in names
    assert len(names) > 2  # the function, and the two arms of the `if`
    assert json.loads(target.read_text())["version"] == 1


def test_kept_as_it_is_when_some_job_differs(
    lockable: ProjectOnDisk, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sides, "python_side", lambda port, world, script: other)
    target = tmp_path / "lock.json"
    target.write_text("old")
    assert main(["lock", "-o", str(target), "--port", "ci_port.pytorch:main", *lockable.flags]) == 1
    assert "not the same, so the lock stays as it is" in capsys.readouterr().out
    assert target.read_text() == "old"


def test_kept_as_it_is_when_the_script_changes_meanwhile(
    lockable: ProjectOnDisk, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = iter(["before", "after"])
    monkeypatch.setattr(command, "_text", lambda project: next(texts))
    assert main(["lock", "-o", str(tmp_path / "lock.json"), *lockable.flags]) == 2
    assert "run this again" in capsys.readouterr().err
    assert not (tmp_path / "lock.json").exists()


def test_a_place_that_cannot_be_written(lockable: ProjectOnDisk, capsys: Capture) -> None:
    assert main(["lock", "-o", "/proc/x/y", "--port", "ci_port.pytorch:main", *lockable.flags]) == 2
    assert "-output /proc/x/y: there is no directory /proc/x; make it first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("jobs.csv", "SUITE,SHARD\n", "there is no job to compare"),
        ("jobs.csv", "9" * 5000, "the id of a job cannot be made from"),
        ("scripts/test.sh", 'echo "never closed\n', "is never closed"),
    ],
)
def test_what_shows_nothing_is_no_lock(
    lockable: ProjectOnDisk, tmp_path: Path, capsys: Capture, name: str, text: str, says: str
) -> None:
    lockable.write(name, text)
    target = tmp_path / "lock.json"
    assert main(["lock", "-o", str(target), "--port", "ci_port.pytorch:main", *lockable.flags]) == 2
    assert says in capsys.readouterr().err
    assert not target.exists()
