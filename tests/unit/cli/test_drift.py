"""`ci-port drift`: what moved in the script since the port was written, as a list of things to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ci_port.cli import main
from ci_port.project.file import load_project
from tests.unit.project.project_on_disk import SCRIPT, ProjectOnDisk, fake_sides, observed

pytest.importorskip("bashlex", reason="reading a script needs it")

Capture = pytest.CaptureFixture[str]
PORT = '''\
def main(sh):
    """Everything."""


def run_suite(sh):
    """One suite."""


def lint(sh):
    """The linter."""
'''


@pytest.fixture
def traced(project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> ProjectOnDisk:
    """The small project, with what its port was written from."""
    project.write("drifted_port.py", PORT)
    monkeypatch.syspath_prepend(str(project.root))
    config = json.loads(project.config.read_text()) | {"port": "drifted_port:main"}
    project.config.write_text(json.dumps(config))
    fake_sides(monkeypatch, observed, observed)
    main(["inventory", "--trace", "--update", *project.flags])
    path = project.root / "trace.json"
    trace = json.loads(path.read_text())
    for part in trace["files"][0]["parts"]:
        part["twin"] = "drifted_port:" + (
            "run_suite" if part["id"] == "run_suite" else "lint" if "lint" in part["shows"] else "main"
        )
    path.write_text(json.dumps(trace))
    main(["inventory", "--trace", "--update", *project.flags])
    capsys.readouterr()
    return project


def drifted(project: ProjectOnDisk, status: int, capsys: Capture, *more: str) -> dict[str, Any]:
    assert main(["drift", "--format", "json", *more, *project.flags]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def edit(project: ProjectOnDisk, old: str, new: str) -> None:
    assert old in SCRIPT
    project.write("scripts/test.sh", SCRIPT.replace(old, new))


def test_nothing_has_moved(traced: ProjectOnDisk, capsys: Capture) -> None:
    assert main(["drift", *traced.flags]) == 0
    assert "Nothing has moved" in capsys.readouterr().out


def test_a_comment_moves_nothing(traced: ProjectOnDisk, capsys: Capture) -> None:
    edit(traced, "set -e\n", "set -e\n# why\n\n")
    assert drifted(traced, 0, capsys)["stale"] == {}


def test_a_changed_function_makes_its_twin_stale(traced: ProjectOnDisk, capsys: Capture) -> None:
    edit(traced, "--suite", "--suites")
    found = drifted(traced, 1, capsys)
    assert [one["id"] for one in found["changed"]] == ["run_suite"]
    assert list(found["stale"]) == ["drifted_port:run_suite"]
    assert (found["added"], found["removed"]) == ([], [])
    assert found["jobs"] == {"total": 3, "differ": []}


def test_an_arm_more_is_to_be_written(traced: ProjectOnDisk, capsys: Capture) -> None:
    edit(traced, "else\n", 'elif [[ "$SUITE" == docs ]]; then\n  make docs\nelse\n')
    found = drifted(traced, 1, capsys, "--no-jobs")
    assert ["docs" in one["shows"] for one in found["added"]].count(True) == 1
    assert found["jobs"] is None


def test_an_arm_less_makes_its_twin_stale(traced: ProjectOnDisk, capsys: Capture) -> None:
    edit(
        traced,
        'if [[ "$SUITE" == lint ]]; then\n  ruff check > lint.log\nelse\n  run_suite "$SUITE"\nfi',
        'run_suite "$SUITE"',
    )
    found = drifted(traced, 1, capsys, "--no-jobs")
    assert len(found["removed"]) == 2
    assert "drifted_port:lint" in found["stale"]


def test_the_list_says_what_to_do(traced: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sides(monkeypatch, lambda world, case: observed(world, case, "--new"), observed)
    edit(traced, "--suite", "--suites")
    assert main(["drift", *traced.flags]) == 1
    out = capsys.readouterr().out
    assert "Parts of the script: 0 added, 1 changed, 0 removed; 3 of 3 jobs differ." in out
    assert (
        "## Stale functions: look at each, against what it was written from\n\n- [ ] `drifted_port:run_suite`\n" in out
    )
    assert "  - changed: `run_suite` (`test.sh:3`): `run_suite()`" in out
    assert "- [ ] 3 jobs, such as `unit`: script `test.sh:4 in f`" in out
    assert "removed `--new` from `run …`" in out
    assert out.rstrip().endswith("- [ ] `ci-port lock`")


def test_without_a_trace_it_is_not_known_what_the_port_was_written_from(
    project: ProjectOnDisk, capsys: Capture
) -> None:
    assert main(["drift", "--trace-file", "/nowhere.json", *project.flags]) == 2
    assert "it is not known what the port was written from" in capsys.readouterr().err


def test_a_script_that_is_not_bash_is_a_usage_error(traced: ProjectOnDisk, capsys: Capture) -> None:
    traced.write("scripts/test.sh", "if (")
    assert main(["drift", *traced.flags]) == 2
    assert "test.sh:1" in capsys.readouterr().err


def test_this_repository_has_not_drifted(capsys: Capture) -> None:
    assert Path(load_project(None).script).is_file()
    assert main(["drift", "--no-jobs"]) == 0
    assert "Nothing has moved" in capsys.readouterr().out
