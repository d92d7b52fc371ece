"""Both sides of a project in all cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ci_port.model import Case, Observation, World
from ci_port.model.errors import UsageError
from ci_port.model.world import load_world
from ci_port.parity import Verdict
from ci_port.project.comparison import compared, not_same
from ci_port.project.file import Project, load_project
from ci_port.project.spaces import jobs_of
from tests.unit.project.project_on_disk import ProjectOnDisk, fake_sides, observed


@pytest.fixture
def small(project: ProjectOnDisk) -> Project:
    """The small project."""
    return load_project(project.config)


def differing(world: World, case: Case) -> Observation:
    """A port that does more in one suite."""
    return observed(world, case, *(("--fast",) if dict(case.env).get("SUITE") == "lint" else ()), file="port.py")


def test_all_spaces_are_swept_and_each_case_knows_its_own(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sides(monkeypatch, observed, observed)
    spaces = {"jobs": jobs_of(small), "more": [Case("x", (("SUITE", "docs"),))]}
    report = compared(small, load_world(small.world), spaces, 2, whole=False)
    assert [(entry.space, entry.result.case.id) for entry in report.entries] == [
        ("jobs", "unit"),
        ("jobs", "unit#2"),
        ("jobs", "lint"),
        ("more", "x"),
    ]
    assert [(space.name, space.cases) for space in report.spaces] == [("jobs", 3), ("more", 1)]
    assert report.good
    assert report.durations.keys() == {"script", "port", "sweep", "findings"}


@pytest.mark.parametrize("whole", [True, False])
def test_the_smallest_case_is_looked_for_where_all_is_wanted(
    whole: bool, small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, differing)
    report = compared(small, load_world(small.world), {"jobs": jobs_of(small)}, 1, whole)
    (finding,) = report.findings
    assert finding.example.case.id == "lint"
    assert dict(finding.minimal.env) == ({"SUITE": "lint"} if whole else {"SUITE": "lint", "SHARD": ""})


@pytest.mark.parametrize(
    ("axes", "shown"),
    [(("SUITE", "BUILD"), ("SUITE", "BUILD")), (("BUILD",), ("SHARD", "SUITE")), ((), ("SHARD", "SUITE"))],
)
def test_axes_are_those_of_the_project_if_its_jobs_have_any(
    axes: tuple[str, ...], shown: tuple[str, ...], small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, observed)
    one = replace(small, axes=axes)
    assert compared(one, load_world(one.world), {"jobs": jobs_of(one)}, 1, whole=False).axes == shown


def test_what_is_not_there_is_said_before_anything_runs(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(world: World, case: Case) -> Observation:
        raise AssertionError("nothing may run")

    fake_sides(monkeypatch, never, never)
    with pytest.raises(UsageError, match="there is no script"):
        compared(replace(small, script=small.script / "no"), load_world(small.world), {"jobs": jobs_of(small)}, 1, True)


def test_cases_that_are_not_the_same_are_counted(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sides(monkeypatch, observed, differing)
    world, jobs = load_world(small.world), jobs_of(small)
    assert not_same(small, world, jobs, 2) == 1
    report = compared(small, world, {"jobs": jobs}, 2, whole=False)
    assert sum(result.verdict is not Verdict.SAME for result in report.results) == 1
