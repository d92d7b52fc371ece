"""Results beside the script's inventory."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ci_port.model import Case, DataError, Place
from ci_port.model.errors import CannotRun, UsageError
from ci_port.model.world import load_world
from ci_port.parity import Result, compare
from ci_port.project.branches import branch_coverage, branch_finder, waiver_uses
from ci_port.project.file import Project, load_project
from tests.unit.project.project_on_disk import ProjectOnDisk, observed

WAIVER = """
version = 1
[[waiver]]
branch = "run_suite"
condition = [{ variable = "SUITE", value = "lint" }]
change = ["added `--fast` to `run …`"]
reason = "it is wanted"
owner = "somebody"
expires = "2999-12-31"
"""


@pytest.fixture
def small(project: ProjectOnDisk) -> Project:
    """The small project, with a place for waivers of its own."""
    return replace(load_project(project.config), waivers=project.root / "waivers.toml")


def without_bashlex(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("ci_port.shell", "bashlex"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bashlex", None)


def test_a_place_stands_in_its_innermost_arm_else_in_its_function(small: Project) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    branch_of = branch_finder(small.script)
    assert branch_of(Place("test.sh", 7)).startswith("(top)/if-")
    assert branch_of(Place("test.sh", 9)).startswith("(top)/else-")
    assert branch_of(Place("/anywhere/test.sh", 4, ("run_suite", "main"))) == "run_suite"
    assert branch_of(Place("test.sh", 2)) == "(top)"
    assert branch_of(None) == ""


def differing(small: Project) -> Result:
    case, world = Case("lint", (("SUITE", "lint"),)), load_world(small.world)
    return compare(case, observed(world, case, file=str(small.script)), observed(world, case, "--fast"))


def test_a_waiver_is_used_by_the_branch_and_environment_of_a_difference(small: Project) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    world, result = load_world(small.world), differing(small)
    with pytest.raises(DataError, match=r"waivers\.toml:1: cannot be read"):
        waiver_uses(small, world, [result])
    small.waivers.write_text("version = 1\n")
    assert waiver_uses(small, world, [result]) == ()
    small.waivers.write_text(WAIVER.replace("run_suite", "f"))
    (use,) = waiver_uses(small, world, [result])
    assert (use.cases, use.problem) == (("lint",), "")
    small.waivers.write_text(WAIVER)
    (use,) = waiver_uses(small, world, [result])
    assert use.stale


def test_where_the_script_cannot_be_read_the_remedy_is_named(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    small.waivers.write_text(WAIVER)
    small.script.write_text("if (")
    with pytest.raises(UsageError, match=r"test\.sh:1"):
        waiver_uses(small, load_world(small.world), [differing(small)])
    without_bashlex(monkeypatch)
    with pytest.raises(CannotRun, match=r"waivers name branches, and to list those bashlex is needed"):
        waiver_uses(small, load_world(small.world), [differing(small)])


def test_branches_that_ran_are_counted(small: Project) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    found = branch_coverage(small.script, {"scripts/test.sh": [2, 6, 9]})
    assert found is not None
    assert (found["taken"], found["total"]) == (1, 2)
    assert found["missed"] == [f"test.sh: {branch_finder(small.script)(Place('test.sh', 7))}"]


def test_a_script_that_cannot_be_read_has_no_branches(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    without_bashlex(monkeypatch)
    assert branch_coverage(small.script, {}) is None
    assert branch_coverage(Path("/nowhere.sh"), {}) is None
