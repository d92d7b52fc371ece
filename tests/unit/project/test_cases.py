"""Reading cases and the table of CI's jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import Case, DataError
from ci_port.project.cases import load_jobs
from ci_port.project.file import load_project


def jobs(tmp_path: Path, text: str, template: str = "job:{A}") -> list[Case]:
    path = tmp_path / "jobs.csv"
    path.write_text(text)
    return load_jobs(path, template)


def test_a_row_is_a_case_and_an_empty_cell_an_empty_value(tmp_path: Path) -> None:
    assert jobs(tmp_path, 'A,B\nx,\n"y, z",1\n\n') == [
        Case("job:x", (("A", "x"), ("B", ""))),
        Case("job:y, z", (("A", "y, z"), ("B", "1"))),
    ]


def test_equal_ids_are_numbered(tmp_path: Path) -> None:
    assert [case.id for case in jobs(tmp_path, "A,B\nx,1\nx,2\ny,1\nx,3\n")] == ["job:x", "job:x#2", "job:y", "job:x#3"]


@pytest.mark.parametrize(
    ("text", "template", "problem"),
    [
        ("", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A,A\n", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A,\n", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A,B\n1,2\n1\n", "{A}", "jobs.csv:3: 2 cells are expected, found 1"),
        ('A\n"x\n', "{A}", "unexpected end of data"),
        ("A\nx\n", "{B}", "jobs.csv:1: the id of a job cannot be made from '{B}'"),
        ("A\nx\n", "{", "jobs.csv:1: the id of a job cannot be made from '{'"),
    ],
)
def test_a_malformed_table_is_refused_by_line(tmp_path: Path, text: str, template: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        jobs(tmp_path, text, template)
    assert problem in str(caught.value)


def test_the_packaged_table_holds_every_job_once() -> None:
    project = load_project(None)
    cases = load_jobs(project.jobs, project.job_id)
    assert len(cases) == len({case.id for case in cases}) == 1059
    assert cases[0].id == "job:linux-jammy-py3.10-gcc11/default/1of5"
    assert dict(cases[0].env)["TESTS_TO_INCLUDE"] == ""
