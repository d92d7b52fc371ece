"""What the runs of a script have shown, under real bash."""

from __future__ import annotations

import pytest

pytest.importorskip("bashlex", reason="reading a script needs it")

import ci_port.dryrun
from ci_port.model.errors import CannotRun
from ci_port.project.file import Project, load_project
from ci_port.project.traces import coverages
from ci_port.project.tracing import read_inventory
from ci_port.shell.coverage import Coverage
from tests.unit.project.project_on_disk import ProjectOnDisk


@pytest.fixture
def small(project: ProjectOnDisk) -> Project:
    """The small project, with two files of cases."""
    project.write("one.jsonl", '{"id": "1", "env": {"SUITE": "lint"}}\n')
    project.write("two.jsonl", '{"id": "2", "env": {"SUITE": "unit"}}\n')
    return load_project(project.config)


def covered(small: Project, *names: str) -> list[Coverage]:
    reader = read_inventory(small.script, follow=True)
    return coverages(small, [str(small.world.parent / name) for name in names], reader, 1)


def taken(coverage: Coverage) -> list[int]:
    return [branch.taken for branch in coverage.branches.values()]


def test_without_files_the_jobs_are_run(small: Project) -> None:
    (found,) = covered(small)
    assert (found.name, found.runs, found.failed, taken(found)) == ("CI's jobs", 3, [], [1, 2])


def test_several_files_are_also_shown_together(small: Project) -> None:
    found = covered(small, "one.jsonl", "two.jsonl")
    assert [(one.runs, taken(one)) for one in found] == [(1, [1, 0]), (1, [0, 1]), (2, [1, 1])]
    assert found[-1].name == "all together"


def test_a_run_that_fails_is_named_and_the_others_count(small: Project) -> None:
    text = small.script.read_text()
    small.script.write_text(text.replace("  ruff check", "  exec 5<>/dev/tcp/localhost/9\n  ruff check"))
    (found,) = covered(small)
    (problem,) = found.failed
    assert problem.startswith("lint: ")
    assert found.runs == 2


def test_what_the_recorder_lacks_becomes_cannot_run(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object, **__: object) -> object:
        raise ci_port.dryrun.CannotRunHere("install gcc")

    monkeypatch.setattr(ci_port.dryrun, "Recorder", cannot)
    with pytest.raises(CannotRun, match="install gcc"):
        covered(small)
