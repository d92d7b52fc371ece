"""The two sides as callables; what this machine lacks is said in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import ci_port.dryrun
from ci_port.model import Case, Execute, World
from ci_port.model.errors import CannotRun, UsageError
from ci_port.project.sides import python_side, shell_side

WORLD = World("/srv/work", "/usr/bin")


def test_the_shell_side_records_a_script(tmp_path: Path) -> None:
    script = tmp_path / "test.sh"
    script.write_text("make all\nexit 3\n")
    with shell_side(script, WORLD)() as side:
        plan = side(Case("x", ())).plan
    assert plan.status == 3
    assert [step.argv for step in plan.steps if isinstance(step, Execute)] == [("make", "all")]


@pytest.mark.parametrize("name", ["missing.sh", "."])
def test_no_script_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="there is no script"):
        shell_side(tmp_path / name, WORLD)


def test_what_the_recorder_lacks_becomes_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(script: Path, world: World, **how: object) -> object:
        raise ci_port.dryrun.CannotRunHere("install gcc")

    script = tmp_path / "test.sh"
    script.touch()
    monkeypatch.setattr(ci_port.dryrun, "Recorder", cannot)
    with pytest.raises(CannotRun, match="install gcc"), shell_side(script, WORLD)():
        pass


def test_a_port_beside_the_caller_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port_of_test_sides.py").write_text("def main(session):\n    pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    side = python_side("port_of_test_sides:main", WORLD, tmp_path / "test.sh")
    plan = side(Case("x", ())).plan
    assert (plan.steps, plan.status) == ((), 0)


def test_a_port_that_breaks_on_import_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_port_of_test_sides.py").write_text("import no_such_thing\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(UsageError, match="cannot be imported: No module named 'no_such_thing'"):
        python_side("broken_port_of_test_sides:main", WORLD, tmp_path / "test.sh")
