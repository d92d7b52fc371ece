"""Sets of cases by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.model import Case, NotPorted, Observation, World
from ci_port.model.errors import UsageError
from ci_port.model.world import load_world
from ci_port.project.file import JOBS, Project, load_project
from ci_port.project.spaces import failing, jobs_of, jobs_or_files, named_space, spaces_of
from tests.unit.project.project_on_disk import ProjectOnDisk, fake_sides, observed

MORE = '{"id":"unit","env":{"SUITE":"unit"}}\n{"id":"docs","env":{"SUITE":"docs"}}\n'


@pytest.fixture
def more(project: ProjectOnDisk) -> Project:
    """The small project, with a space beside CI's jobs."""
    project.write("more.jsonl", MORE)
    config = json.loads(project.config.read_text())
    project.config.write_text(json.dumps({**config, "spaces": {"more": "more.jsonl"}}))
    return load_project(project.config)


def ids(cases: list[Case]) -> list[str]:
    return [case.id for case in cases]


def test_jobs_are_what_there_is_without_a_name(more: Project) -> None:
    assert ids(jobs_of(more)) == ["unit", "unit#2", "lint"]
    assert spaces_of(more, None, None) == {JOBS: jobs_of(more)} == {JOBS: named_space(JOBS, more)}


def test_a_case_of_a_later_space_is_called_by_its_space_too(more: Project) -> None:
    found = spaces_of(more, [JOBS, "more", "more"], None)
    assert {name: ids(cases) for name, cases in found.items()} == {
        JOBS: ["unit", "unit#2", "lint"],
        "more": ["more/unit", "docs"],
    }


def test_files_are_spaces_by_their_names(more: Project, tmp_path: Path) -> None:
    one, two = tmp_path / "x.jsonl", tmp_path / "other" / "x.jsonl"
    two.parent.mkdir()
    one.write_text('{"id":"a","env":{}}')
    two.write_text('{"id":"b","env":{}}')
    found = spaces_of(more, None, [str(one), str(two)])
    assert {name: ids(cases) for name, cases in found.items()} == {"x": ["a"], "x+": ["b"]}
    with pytest.raises(UsageError, match="the case 'a' stands in more than one of the files"):
        spaces_of(more, None, [str(one), str(one)])


def test_a_space_that_is_not_there_is_a_usage_error(more: Project) -> None:
    with pytest.raises(UsageError, match="there is no space 'less'; the spaces are jobs, more"):
        named_space("less", more)


def test_no_case_is_a_usage_error(more: Project, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(UsageError, match="there is no case to compare: the files hold none"):
        spaces_of(more, None, [str(empty)])
    with pytest.raises(UsageError, match="there is no job to compare: the files hold none"):
        jobs_or_files(more, [str(empty)])


def test_files_take_the_place_of_jobs(more: Project, tmp_path: Path) -> None:
    assert jobs_or_files(more, None) == jobs_of(more)
    assert ids(jobs_or_files(more, [str(tmp_path / "more.jsonl")])) == ["unit", "docs"]


def test_every_command_fails_in_turn_beside_the_environment_as_it_is(
    more: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def port(world: World, case: Case) -> Observation:
        if dict(case.env)["SUITE"] == "lint":
            raise NotPorted("lint")
        return observed(world, case)

    fake_sides(monkeypatch, observed, port)
    found, environments = failing(jobs_of(more), more, load_world(more.world))
    assert environments == 3
    assert ids(found) == ["unit", "unit#0=1", "unit#1=1", "unit#2", "unit#2#0=1", "unit#2#1=1", "lint"]
