"""The run record."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ci_port.model import Execute, Plan
from ci_port.runner.lock import Lock
from ci_port.runner.record import VERSION, Record, fingerprint, write

PLAN = Plan((Execute(("env",)), Execute(("python", "x"))), 3)


def record() -> Record:
    return Record(
        job="job:a|b/<c>",
        environment={"GITHUB_RUN_ID": "7", "SECRET": "s"},
        side="port",
        cause="phase",
        reason="because",
        phase="1",
        plan=PLAN,
        steps=2,
        step_seconds=[0.00049, 1.25],
        preflight_seconds=0.01,
        run_seconds=1.26,
        status=3,
        lock=Lock("S", "P", {}),
        began=0.0,
    )


def test_one_line_of_json_with_all_that_is_known(tmp_path: Path) -> None:
    target = tmp_path / "record.jsonl"
    assert write(record(), str(target), {}) == []
    assert write(record(), str(target), {}) == []
    first, second = map(json.loads, target.read_text().splitlines())
    assert first.pop("id") != second.pop("id")
    assert first == second
    assert first.pop("versions").items() >= {"port": "P", "script": "S"}.items()
    assert first == {
        "version": VERSION,
        "time": "1970-01-01T00:00:00Z",
        "job": "job:a|b/<c>",
        "github": {"github_run_id": "7"},
        "side": "port",
        "fallback": False,
        "cause": "phase",
        "reason": "because",
        "phase": "1",
        "plan": fingerprint(PLAN),
        "planned_steps": 2,
        "planned_status": 3,
        "steps": 2,
        "seconds": {"preflight": 0.01, "run": 1.26, "steps": [0.0, 1.25]},
        "status": 3,
        "shadow": None,
    }


def test_what_nobody_knows_is_null() -> None:
    line = json.loads(Record(job="j", environment={}).line())
    assert [line[name] for name in ("plan", "planned_steps", "steps", "status", "shadow")] == [None] * 5


def test_no_variable_of_the_job_gets_out() -> None:
    assert "SECRET" not in record().line()


def test_summary_is_a_table_that_values_cannot_break(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    shadowed = record()
    shadowed.shadow = {"outcome": "same", "detail": "2\nsteps"}
    assert write(shadowed, None, {"GITHUB_STEP_SUMMARY": str(summary)}) == []
    text = summary.read_text()
    assert text.startswith("before\n### ci-port: job:a\\|b/&lt;c>\n")
    assert "| shadow | same: 2 steps |" in text
    assert all(re.fullmatch(r"\|.*\|", line) for line in text.splitlines()[2:] if line)


@pytest.mark.parametrize("target", ["/dev/full", "/proc/no/such", "/"])
def test_a_record_that_cannot_be_written_is_a_warning(target: str) -> None:
    (problem,) = write(record(), target, {})
    assert problem.startswith(f"the record {target} cannot be written: ")


def test_a_broken_record_is_a_warning_too(tmp_path: Path) -> None:
    broken = record()
    broken.shadow = {"outcome": object(), "detail": object()}
    summary = tmp_path / "summary"
    problems = write(broken, str(tmp_path / "record"), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert len(problems) == 1
    assert summary.exists()
