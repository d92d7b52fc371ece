"""What the runner runs, as data."""

from __future__ import annotations

import os

import pytest

from ci_port.model.packaged import DATA
from ci_port.runner import project as projects
from ci_port.runner.__main__ import SCRIPT
from ci_port.runner.project import Project, Special, load_project


def test_the_packaged_project_is_whole() -> None:
    project = load_project()
    assert project.script == SCRIPT
    for name in (project.world, project.lock, project.rollout):
        assert os.path.isfile(os.path.join(DATA, name))
    assert callable(project.program())


def test_a_job_without_some_variable_has_an_id(project: Project) -> None:
    assert project.job({"BUILD": "b"}) == "job:b/"


def test_special_jobs_match_all_their_globs() -> None:
    special = Special((("A", "x*"), ("B", "y")), ("z",))
    assert special.selects({"A": "xa", "B": "y"})
    assert not special.selects({"A": "xa"})


@pytest.mark.parametrize("text", ["{}", "[]", '{"script": 1}', "{"])
def test_broken_settings_name_their_file(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "data", lambda name: text)
    with pytest.raises(ValueError, match=r"runner\.json"):
        load_project()
