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


ONE_LINE = """\
#!/bin/bash
set +x
case "$P" in
  x86) A=amd64;;
  arm) A=arm64;;
  *) exit 1;;
esac
if [[ $P == x86 ]]; then run fast; fi
if [[ $P == arm ]]; then
  run slow
fi
[[ $P == x86 ]] && run "$A"
[[ $P == x86 ]] || run other
for i in 1 2; do run "$i"; done
"""


def test_arms_and_loops_on_one_line_of_a_script_that_does_not_trace_itself(project: ProjectOnDisk) -> None:
    project.write("scripts/test.sh", ONE_LINE)
    project.write("cases.jsonl", '{"id": "1", "env": {"P": "x86"}}\n{"id": "2", "env": {"P": "arm"}}\n')
    (found,) = covered(load_project(project.config), "cases.jsonl")
    branches = list(found.branches.values())
    assert [(branch.taken, branch.passed, branch.unseen) for branch in branches] == [
        *((1, 1, 0), (1, 0, 0), (0, 0, 0)),
        *((1, 1, 0), (1, 1, 0)),
        *((1, 1, 0), (1, 1, 0)),
        (2, 0, 0),
    ]
    tests = [test for branch in branches for test in branch.tests]
    assert [(test.true, test.false, test.decides) for test in tests] == [(True, True, True)] * 2


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
