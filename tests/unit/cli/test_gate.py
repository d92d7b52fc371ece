"""`ci-port gate` and `ci-port evidence`, on a small project."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from ci_port.cli import main
from tests.unit.project.project_on_disk import ProjectOnDisk, fake_sides, observed
from tests.unit.rollout.test_evidence import line

Capture = pytest.CaptureFixture[str]

ROLLOUT = """
version = 1
current = "1"
[[phase]]
id = "0"
name = "off"
[[phase]]
id = "1"
name = "limited"
jobs = [{ SUITE = "lint" }]
[phase.gate]
report_days = 7
window_days = 14
shadow_runs = 2
"""


@pytest.fixture
def rolled(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> ProjectOnDisk:
    """The small project with a rollout and a port that can be fingerprinted."""
    project.write("rollout.toml", ROLLOUT)
    project.write("gate_port.py", "def main(sh): ...\n")
    monkeypatch.syspath_prepend(str(project.root))
    config = json.loads(project.config.read_text())
    config |= {"rollout": "rollout.toml", "port": "gate_port:main", "axes": ["SUITE", "SHARD"], "spaces": {}}
    project.config.write_text(json.dumps(config))
    fake_sides(monkeypatch, observed, observed)
    return project


def made(project: ProjectOnDisk, capsys: Capture) -> Path:
    target = project.root / "report.json"
    assert main(["parity", "--report", str(target), *project.flags]) == 0
    capsys.readouterr()
    return target


def shadowed(number: int, **changes: Any) -> str:
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return line(number, time=now, job="lint", side="shadow", shadow={"outcome": "same"}, **changes)


def stored(project: ProjectOnDisk, capsys: Capture, *lines: str) -> Path:
    records = project.write("records.jsonl", "".join(f"{one}\n" for one in lines))
    store = project.root / "evidence.db"
    assert main(["evidence", "add", str(records), "--evidence", str(store)]) == 0
    capsys.readouterr()
    return store


def test_an_open_gate_shows_every_requirement_with_its_figure(rolled: ProjectOnDisk, capsys: Capture) -> None:
    report, store = made(rolled, capsys), stored(rolled, capsys, shadowed(1), shadowed(2))
    assert main(["gate", "1", "--report", str(report), "--evidence", str(store), *rolled.flags]) == 0
    lines = [" ".join(one.split()) for one in capsys.readouterr().out.splitlines()]
    assert "ok jobs are all compared 1 of 1 jobs (asked: all jobs up to phase 1)" in lines
    assert "ok shadow runs 2 (asked: at least 2 in 14 days)" in lines
    assert lines[-1] == "phase 1 (limited): open"


def test_a_closed_gate_says_what_closes_it(rolled: ProjectOnDisk, capsys: Capture) -> None:
    report = made(rolled, capsys)
    rolled.write("scripts/more.sh", "echo new")
    assert main(["gate", "current", "--report", str(report), "--format", "json", *rolled.flags]) == 5
    found = json.loads(capsys.readouterr().out)
    assert not found["open"]
    closed = [one["name"] for one in found["requirements"] if not one["holds"]]
    assert closed == ["script is the one compared", "shadow runs"]


@pytest.mark.parametrize("port", ["def main(sh): pass\n", "def main(sh): ...\n# x\n"])
def test_a_port_that_moved_closes_it(port: str, rolled: ProjectOnDisk, capsys: Capture) -> None:
    report = made(rolled, capsys)
    rolled.write("gate_port.py", port)
    assert main(["gate", "1", "--report", str(report), *rolled.flags]) == 5
    assert "CLOSED  port is the one compared" in capsys.readouterr().out


def test_a_change_has_to_keep_parity_and_is_not_asked_for_runs(rolled: ProjectOnDisk, capsys: Capture) -> None:
    report = made(rolled, capsys)
    gate = ["gate", "current", "--report", str(report), "--parity-only", *rolled.flags]
    assert main(gate) == 0
    assert "shadow runs" not in capsys.readouterr().out
    rolled.write("scripts/more.sh", "echo new")
    assert main(gate) == 5


def test_markdown(rolled: ProjectOnDisk, capsys: Capture) -> None:
    report = made(rolled, capsys)
    assert main(["gate", "1", "--report", str(report), "--format", "markdown", *rolled.flags]) == 5
    out = capsys.readouterr().out
    assert out.startswith("### 🔴 phase `1 (limited)`: closed by 1 of")
    assert "| ❌ closed | shadow runs | `0` | `at least 2 in 14 days` |" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["9"], "there is no phase '9'; the phases are 0 (off), 1 (limited)"),
        (["1", "--evidence", "/nowhere/e.db"], "there is no evidence in /nowhere/e.db"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    arguments: list[str], said: str, rolled: ProjectOnDisk, capsys: Capture
) -> None:
    assert main(["gate", *arguments, *rolled.flags]) == 2
    assert said in capsys.readouterr().err


def test_a_report_that_is_not_there_closes_the_gate(rolled: ProjectOnDisk, capsys: Capture) -> None:
    assert main(["gate", "1", "--report", "/nowhere/report.json", *rolled.flags]) == 5
    assert "CLOSED  report is readable" in capsys.readouterr().out


def test_refused_records_are_named_and_the_rest_is_kept(rolled: ProjectOnDisk, capsys: Capture) -> None:
    records = rolled.write("records.jsonl", f"{shadowed(1)}\n{{\n{shadowed(2)}\n")
    store = str(rolled.root / "evidence.db")
    assert main(["evidence", "add", str(records), "/nowhere.jsonl", "--evidence", store]) == 1
    out, err = capsys.readouterr()
    assert out == "2 new, 0 known already, 2 refused\n"
    assert f"refused: {records}:2: not JSON" in err
    assert "refused: /nowhere.jsonl: cannot be read" in err
    assert main(["evidence", "add", str(records), "--evidence", store]) == 1
    assert capsys.readouterr().out == "0 new, 2 known already, 1 refused\n"


def test_trends_are_shown_by_phase_and_day(rolled: ProjectOnDisk, capsys: Capture) -> None:
    store = stored(rolled, capsys, shadowed(1), shadowed(2), shadowed(3, id="u").replace('"lint"', '"unit"'))
    show = ["evidence", "show", "--evidence", str(store), *rolled.flags]
    assert main(show) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one for one in lines if one.startswith(("phase", "other"))] == ["phase 1 (limited)", "phase other jobs"]
    assert main([*show, "--phase", "1", "--format", "json"]) == 0
    ((phase, days),) = json.loads(capsys.readouterr().out).items()
    assert (phase, [day["shadow"] for day in days.values()]) == ("1 (limited)", [2])
    assert main([*show, "--format", "markdown"]) == 0
    assert "### Phase `1 (limited)`" in capsys.readouterr().out
    assert main([*show, "--phase", "7"]) == 2


def test_the_page_plots_the_store(rolled: ProjectOnDisk, capsys: Capture) -> None:
    report, store = made(rolled, capsys), stored(rolled, capsys, shadowed(1))
    target = rolled.root / "page.html"
    arguments = ["report", str(report), "--format", "html", "--evidence", str(store), "-o", str(target)]
    assert main([*arguments, *rolled.flags]) == 0
    assert "Phase 1 (limited)" in target.read_text()
