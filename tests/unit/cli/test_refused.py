"""What was refused is said, a line each, and never makes a run green."""

from __future__ import annotations

import pytest

from ci_port.cli import main
from ci_port.cli.refused import tell, tell_wrong
from ci_port.model import Case
from tests.unit.project.project_on_disk import ProjectOnDisk

Capture = pytest.CaptureFixture[str]


def test_each_problem_is_a_line_that_a_terminal_only_shows(capsys: Capture) -> None:
    assert tell(["f:1: x", "f:2: \x1b[31m\ny"])
    assert not tell([])
    assert tell_wrong([Case("a", ()), Case("f:3", (), wrong="f:3: z")])
    assert not tell_wrong([Case("a", ())])
    assert capsys.readouterr().err == "refused: f:1: x\nrefused: f:2: \\x1b[31m\\ny\nrefused: f:3: z\n"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["parity", "--port", "ci_port.pytorch:main"], 4),
        (["diff-plan", "scripts/test.sh", "scripts/test.sh", "--no-cache"], 4),
        (["inventory", "--coverage"], 4),
        (["lock", "--output", "lock.json", "--port", "ci_port.pytorch:main"], 1),
    ],
    ids=lambda part: part[0] if isinstance(part, list) else "",
)
def test_a_wrong_job_is_said_and_no_run_is_green(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: list[str], status: int
) -> None:
    monkeypatch.chdir(project.root)
    project.write("jobs.csv", "SUITE,SHARD\nunit,1\nunit\nlint,\n")
    assert main([*command, *project.flags]) == status
    assert f"{project.root}/jobs.csv:3: 2 cells are expected, found 1" in capsys.readouterr().err
    assert not (project.root / "lock.json").exists()
