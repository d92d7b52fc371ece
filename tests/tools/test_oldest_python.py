"""Every place that names the oldest Python names the same one (docs/decisions/python-versions.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ci_port.runner import __main__ as bundle_start

ROOT = Path(__file__).resolve().parents[2]
Version = tuple[int, ...]

# Where it stands, and the pattern of the one or more places there.
PLACES = {
    "pyproject.toml": r'(?:requires-python|python_version) = "(?:>=)?(\d+)\.(\d+)"|target-version = "py(\d)(\d+)"',
    "tools/lock": r"--python-version (\d+)\.(\d+)",
    "tools/lib/venv.sh": r"version_info < \((\d+), (\d+)\)|Python (\d+)\.(\d+) or newer",
    "README.md": r"python3 \((\d+)\.(\d+) or newer\)",
    "CONTRIBUTING.md": r"python3 \((\d+)\.(\d+) or newer\)",
    "docs/runner.md": r"Linux, Python (\d+)\.(\d+) or later|any other Python from (\d+)\.(\d+) on",
    "docs/exit-statuses.md": r"no Python (\d+)\.(\d+)",
    "docs/decisions/python-versions.md": r"# Python (\d+)\.(\d+)\n|`requires-python` is `>=(\d+)\.(\d+)`",
    "ci_port/cli/bundle.py": r"but Python (\d+)\.(\d+) or later",
}


def versions(name: str) -> Iterator[Version]:
    """Yield what a file says, place by place."""
    for match in re.finditer(PLACES[name], (ROOT / name).read_text(encoding="utf-8")):
        yield tuple(int(part) for part in match.groups() if part is not None)


def matrices() -> Iterator[list[Version]]:
    """Yield the Pythons of each job of the workflows that runs on several."""
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            matrix = job.get("strategy", {}).get("matrix", {})
            if "python" in matrix:
                yield [tuple(map(int, version.split("."))) for version in matrix["python"]]


@pytest.mark.parametrize("name", PLACES)
def test_a_file_names_the_oldest_python(name: str) -> None:
    found = list(versions(name))
    assert found
    assert set(found) == {bundle_start.OLDEST}


def test_each_place_of_the_package_names_it() -> None:
    assert len(list(versions("pyproject.toml"))) == 3
    assert len(list(versions("tools/lib/venv.sh"))) == 3


def test_ci_runs_on_it_first() -> None:
    found = list(matrices())
    assert len(found) >= 2
    assert {min(pythons) for pythons in found} == {bundle_start.OLDEST}
