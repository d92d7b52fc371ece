"""What a result depends on: another fingerprint for every change that matters, the same one for all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ci_port.model.errors import UsageError
from ci_port.project import subjects
from ci_port.project.file import Project, load_project
from ci_port.project.subjects import subjects_of
from tests.unit.project.project_on_disk import ProjectOnDisk


@pytest.fixture
def small(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The small project with a port that can be fingerprinted."""
    project.write("port_of_test_subjects.py", "def main(sh): ...\n")
    monkeypatch.syspath_prepend(str(project.root))
    return replace(load_project(project.config), port="port_of_test_subjects:main")


def fingerprints(project: Project) -> dict[str, str]:
    return {name: subject.fingerprint for name, subject in subjects_of(project).items()}


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "nothing": (lambda root: None, set()),
    "the script": (lambda root: (root / "scripts/test.sh").write_text("x"), {"script"}),
    "a file beside the script": (lambda root: (root / "scripts/more.sh").write_text("x"), {"script"}),
    "the port": (lambda root: (root / "port_of_test_subjects.py").write_text("x"), {"port"}),
    "the world": (lambda root: (root / "world.json").write_text("{}"), {"world"}),
    "a file of nobody": (lambda root: (root / "other.txt").write_text("x"), set()),
}


@pytest.mark.parametrize(("change", "moved"), CHANGES.values(), ids=CHANGES)
def test_each_change_moves_its_subject(change: Callable[[Path], object], moved: set[str], small: Project) -> None:
    before = fingerprints(small)
    change(small.world.parent)
    after = fingerprints(small)
    assert {name for name in before if before[name] != after[name]} == moved


def test_the_tool_is_what_decides_a_result(tmp_path: Path, small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = ("cli/a.py", "review/a.py", "project/a.py", "parity/render/a.py")
    for name in ("dryrun/native/a.c", "parity/a.py", *shown):
        path = tmp_path / "ci_port" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.setattr(subjects, "TOOL", tmp_path / "ci_port")
    before = fingerprints(small)["tool"]
    for name in shown:
        (tmp_path / "ci_port" / name).write_text("# shown otherwise")
    assert fingerprints(small)["tool"] == before
    (tmp_path / "ci_port/dryrun/native/a.c").write_text("// recorded otherwise")
    assert fingerprints(small)["tool"] != before


def test_names_are_as_people_write_them_here(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(small.world.parent)
    found = subjects_of(small)
    assert (found.script.name, found.port.name) == ("scripts/test.sh", "port_of_test_subjects:main")
    assert (found.world.name, found.tool.name) == ("world.json", "ci-port 0.1.0")


def test_what_is_not_there_is_a_usage_error(small: Project) -> None:
    missing = small.world.parent / "missing"
    for project in (replace(small, script=missing), replace(small, world=missing), replace(small, port="missing:main")):
        with pytest.raises(UsageError, match="missing"):
            subjects_of(project)
