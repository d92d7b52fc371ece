"""What is compared: packaged, from a file, from flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import DataError
from ci_port.model.world import load_world
from ci_port.project.file import load_project

ROOT = Path(__file__).resolve().parents[3]


def test_the_packaged_project_is_whole() -> None:
    project = load_project(None)
    assert project.script == ROOT / "legacy" / "test.sh"
    assert project.script.is_file()
    assert project.jobs.is_file()
    assert load_world(project.world).workspace == "/var/lib/jenkins/workspace"


def test_a_file_says_what_differs_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    config = tmp_path / "mine.json"
    config.write_text('{"script": "ci/test.sh", "port": "mine.port:main"}')
    project = load_project(config)
    assert project.script == tmp_path / "ci" / "test.sh"
    assert project.port == "mine.port:main"
    assert project.world == load_project(None).world


def test_flags_override(tmp_path: Path) -> None:
    project = load_project(None).overridden("x.sh", None, "/w.json")
    assert (project.script, project.world) == (Path("x.sh"), Path("/w.json"))
    assert project.port == load_project(None).port


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ":1: not JSON"),
        ("[]", ":1: an object is expected, found a list"),
        ('{\n"script": 1}', ":2: field script: a string is expected, found a number"),
        ('{\n\n"scrpt": "x"}', ":3: field scrpt: unknown field"),
    ],
)
def test_a_malformed_file_is_refused_by_line_and_field(tmp_path: Path, text: str, problem: str) -> None:
    config = tmp_path / "mine.json"
    config.write_text(text)
    with pytest.raises(DataError) as caught:
        load_project(config)
    assert f"{config}{problem}" in str(caught.value)
