"""The present to which a gate is held."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from ci_port.model import DataError
from ci_port.model.errors import UsageError
from ci_port.project.file import Project, load_project
from ci_port.project.present import phase_of, present_of, rollout_of
from ci_port.project.subjects import subjects_of
from ci_port.rollout.phases import Gate
from tests.unit.project.project_on_disk import ProjectOnDisk

ROLLOUT = """
version = 1
current = "1"
[[phase]]
id = "0"
name = "off"
[[phase]]
id = "1"
name = "limited"
"""


@pytest.fixture
def rolled(project: ProjectOnDisk) -> Project:
    """The small project with a rollout and one space."""
    cases = project.write("more.jsonl", '{"id":"x","env":{}}\n')
    rollout = project.write("rollout.toml", ROLLOUT)
    return replace(load_project(project.config), rollout=rollout, spaces=(("more", cases),))


def test_phases_are_found_by_id_and_name(rolled: Project) -> None:
    rollout = rollout_of(rolled)
    assert str(rollout.current) == str(phase_of(rollout, "limited")) == "1 (limited)"
    with pytest.raises(UsageError, match=r"there is no phase '9'; the phases are 0 \(off\), 1 \(limited\)"):
        phase_of(rollout, "9")


def test_a_rollout_that_is_none_names_the_place(rolled: Project) -> None:
    rolled.rollout.write_text("version = 2\n")
    with pytest.raises(DataError, match=r"rollout\.toml:1"):
        rollout_of(rolled)


def test_the_present_is_this_project_now(rolled: Project) -> None:
    found = present_of(rolled, Gate(report_days=7, spaces=("more", "less")))
    assert found.subjects == subjects_of(rolled)
    assert [job.id for job in found.jobs] == ["unit", "unit#2", "lint"]
    more, less = found.spaces["more"], found.spaces["less"]
    assert more is not None
    assert (more.cases, less) == (1, None), "a space that is not there is for the gate to say"
    assert abs(found.now - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5)
    assert found.variables("lint") == {"SUITE": "lint"}


def test_without_a_gate_no_space_is_read(rolled: Project) -> None:
    rolled.spaces[0][1].unlink()
    assert present_of(rolled, None).spaces == {}


def test_a_job_that_is_wrong_is_not_left_out(rolled: Project) -> None:
    rolled.jobs.write_text(rolled.jobs.read_text() + "unit\n")
    with pytest.raises(UsageError, match=r"jobs\.csv:\d+: \d cells are expected, found 1"):
        present_of(rolled, None)
