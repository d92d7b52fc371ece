"""Reading cases and the table of CI's jobs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ci_port.model import Case, DataError
from ci_port.project.cases import load_jobs
from ci_port.project.file import load_project


def test_a_table_of_jobs_is_read_from_its_file(tmp_path: Path) -> None:
    csv, lines = tmp_path / "jobs.csv", tmp_path / "jobs.jsonl.gz"
    csv.write_text("A,args\nx,-v\n")
    lines.write_bytes(gzip.compress(b'{"env":{"A":"x"},"args":["-v"]}\n'))
    assert load_jobs(csv, "{A}") == load_jobs(lines, "{A}") == [Case("x", (("A", "x"),), args=("-v",))]
    csv.write_text("A\n\ny,z\n")
    with pytest.raises(DataError, match=r"jobs.csv:3: 1 cells are expected, found 2"):
        load_jobs(csv, "{A}")


def test_the_packaged_table_holds_every_job_once() -> None:
    project = load_project(None)
    cases = load_jobs(project.jobs, project.job_id)
    assert len(cases) == len({case.id for case in cases}) == 1059
    assert cases[0].id == "job:linux-jammy-py3.10-gcc11/default/1of5"
    assert dict(cases[0].env)["TESTS_TO_INCLUDE"] == ""
