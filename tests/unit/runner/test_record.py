"""The run record."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.model import Execute, Plan
from ci_port.runner.lock import Lock
from ci_port.runner.record import VERSION, Record, fingerprint, write

ROOT = Path(__file__).resolve().parents[3]
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
    assert text.startswith("before\n### ci-port: `job:a|b/<c>`\n")
    assert "| shadow | `same: 2\\nsteps` |" in text
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


def limited(path: Path, size: int) -> str:
    """Write a record in a process whose files may not grow beyond `size`; return what it says."""
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[3])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "from ci_port.runner.record import Record, write\n"
        "print(write(Record(job='j', environment={}), sys.argv[1], {}))"
    )
    command = [sys.executable, "-S", "-c", code, str(path), str(size), str(ROOT)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.parametrize("room", [0, 1, 100, 300])
@pytest.mark.parametrize("before", ["", '{"whole": 1}\n', '{"half'])
def test_there_is_no_half_line_where_there_is_no_room(tmp_path: Path, before: str, room: int) -> None:
    path = tmp_path / "record"
    path.write_text(before)
    assert "File too large" in limited(path, len(before) + room)
    assert path.read_text() == before
    assert write(record(), str(path), {}) == []
    *earlier, last = path.read_text().splitlines()
    assert earlier == before.splitlines()
    assert json.loads(last)["version"] == 1


def test_sixteen_writers_of_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "record"
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from ci_port.runner.record import Record, write\n"
        "for _ in range(20): assert write(Record(job='j', environment={}), sys.argv[1], {}) == []"
    )
    command = [sys.executable, "-S", "-c", code, str(path), str(ROOT)]
    writers = [subprocess.Popen(command) for _ in range(16)]
    assert [writer.wait(60) for writer in writers] == [0] * 16
    assert len({json.loads(line)["id"] for line in path.read_text().splitlines()}) == 16 * 20
