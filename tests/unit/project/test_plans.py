"""What a review is handed: real plans of script and port, and all that they depend on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ci_port.model import Case, Execute, Plan, RunFailed
from ci_port.model.world import load_world
from ci_port.project import plans
from ci_port.project.comparison import compared
from ci_port.project.file import Project, load_project
from ci_port.project.plans import plan_port, port_key, record_script, remember, script_key, work_of
from ci_port.project.spaces import jobs_of
from ci_port.review.cache import Cache
from ci_port.review.plansets import Planned, PlanSet
from tests.unit.project.project_on_disk import fake_sides, observed
from tests.unit.review.repository import Repository


@pytest.fixture
def small(repository: Repository) -> Project:
    """The project of the repository."""
    return load_project(repository.root / "ci-port.json")


def commands(plans: PlanSet, id: str) -> list[tuple[str, ...]]:
    plan = plans[id].outcome
    assert isinstance(plan, Plan)
    return [step.argv for step in plan.steps if isinstance(step, Execute)]


def test_a_script_is_recorded_with_the_lines_that_ran(small: Project) -> None:
    told: list[object] = []

    class Heard:
        def __init__(self, total: int, what: str) -> None:
            told.append((total, what))

        def __enter__(self) -> Heard:
            return self

        def __exit__(self, *_: object) -> None: ...

        def update(self, done: int, remark: str = "") -> None:
            told.append(done)

    found = record_script(small.script, load_world(small.world), jobs_of(small), 2, Heard)
    assert list(found) == ["unit", "slow", "lint"]
    assert commands(found, "lint") == [("ruff", "check")]
    assert 7 in found["lint"].lines["test.sh"]
    assert told == [(3, "jobs with test.sh"), 1, 2, 3]


def test_a_port_is_planned_by_the_code_of_its_own_tree(small: Project, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "diffed_port.py").write_text("def main(sh):\n    sh.run('old', sh['SUITE'])\n")
    cases = jobs_of(small)
    assert commands(plan_port(tmp_path / "old", small.port, small.world, cases), "lint") == [("old", "lint")]
    assert commands(plan_port(small.world.parent, small.port, small.world, cases), "lint") == [("ruff", "check")]


def test_a_port_that_cannot_be_asked_has_no_plans(small: Project, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="cannot be imported"):
        plan_port(tmp_path, "no_port_of_test_plans:main", small.world, jobs_of(small))


def test_the_key_of_a_script_moves_with_it_and_its_neighbours(repository: Repository, small: Project) -> None:
    first = script_key(small.script)
    assert script_key(small.script) == first
    repository.write("world.json", "{}")
    assert script_key(small.script) == first, "the world stands in the fingerprint of the cases"
    repository.write("scripts/more.sh", "x")
    assert script_key(small.script) != first


@pytest.mark.parametrize("name", ["bash/a.py", "dryrun/a.py", "dryrun/native/a.c", "dryrun/native/a.h", "model/a.py"])
def test_the_key_of_a_script_moves_with_what_records_it(
    name: str, small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "tool" / name
    source.parent.mkdir(parents=True)
    source.touch()
    monkeypatch.setattr(plans, "TOOL", tmp_path / "tool")
    first = script_key(small.script)
    source.write_text("x")
    assert script_key(small.script) != first


@pytest.mark.parametrize("room", ["bash", "host", "model", "parity", "project", "cli"])
def test_the_key_of_a_port_moves_with_it_and_with_what_is_beneath(room: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x")
    (tmp_path / "ci_port" / room).mkdir(parents=True)
    (tmp_path / "ci_port" / "pytorch").mkdir()
    (tmp_path / "ci_port" / room / "a.py").write_text("x")
    first = port_key(tmp_path, "mine:main")
    (tmp_path / "ci_port" / "pytorch" / "a.py").write_text("x")
    assert port_key(tmp_path, "mine:main") == first
    (tmp_path / "ci_port" / room / "a.py").write_text("y")
    second = port_key(tmp_path, "mine:main")
    assert second != first
    (tmp_path / "mine.py").write_text("y")
    assert port_key(tmp_path, "mine:main") != second


def test_a_review_is_handed_both_programs(small: Project) -> None:
    work = work_of(small, jobs_of(small), 1, Cache(None))
    assert (work.script_file, work.port.name) == (small.script, "diffed_port:main")
    assert work.port_file() == small.world.parent / "diffed_port.py"
    old, new = work.scripts(small.script, small.script)
    assert old == new
    assert commands(work.plans(work.port, small.world.parent), "slow") == [("python", "run.py", "--suite", "slow")]


def test_a_port_that_cannot_be_found_has_no_file(small: Project) -> None:
    assert work_of(replace(small, port="no_such:main"), jobs_of(small), 1, Cache(None)).port_file() is None


def test_a_sweep_leaves_its_plans_where_a_review_finds_them(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, observed)
    cache, spaces = Cache(tmp_path / "plans"), {"jobs": jobs_of(small)}
    remember(small, spaces, compared(small, load_world(small.world), spaces, 1, whole=False), cache)

    def never(*_: object) -> PlanSet:
        raise AssertionError("this was swept before")

    monkeypatch.setattr(plans, "record_script", never)
    work = work_of(small, jobs_of(small), 1, cache)
    assert list(work.plans(work.script, small.script)) == ["unit", "slow", "lint"]


def test_a_sweep_of_too_many_cases_pushes_nothing_out(
    small: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, observed)
    monkeypatch.setattr(plans, "_REMEMBERED", 2)
    spaces = {"jobs": jobs_of(small)}
    remember(small, spaces, compared(small, load_world(small.world), spaces, 1, False), Cache(tmp_path / "plans"))
    assert not (tmp_path / "plans").exists()


def test_a_wrong_case_is_not_asked_for(small: Project) -> None:
    cases = [Case("f:1", (), wrong="f:1: field x"), *jobs_of(small)]
    found = plan_port(small.world.parent, small.port, small.world, cases)
    assert list(found) == [case.id for case in cases]
    assert found["f:1"] == Planned("f:1: field x")
    assert commands(found, "lint") == [("ruff", "check")]
