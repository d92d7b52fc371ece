"""The package installs by pip, with the recorder's library built, and works away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tools.checkout import PLAIN_TOOLS, fresh_checkout, machine


def build_wheel(tmp_path: Path, **variables: str) -> Path:
    """Build a wheel from a fresh checkout, with nothing but what this environment has."""
    checkout = fresh_checkout(tmp_path / "checkout")
    command = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(tmp_path / "dist"), str(checkout)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    return wheel


def test_the_wheel_is_whole_and_works(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    assert wheel.name.startswith("ci_port-0.1.0-py3-none-linux_")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert [name for name in names if name.startswith("ci_port/dryrun/_recorder-") and name.endswith(".so")]
    assert {"ci_port/py.typed", "ci_port/data/project.json", "ci_port/data/legacy/test.sh"} <= set(names)
    assert "tests/conftest.py" not in names
    entry = next(name for name in names if name.endswith("entry_points.txt"))
    assert "ci-port = ci_port.cli:entry" in (site / entry).read_text()
    metadata = (site / next(name for name in names if name.endswith("METADATA"))).read_text()
    assert "License-Expression: BSD-3-Clause" in metadata
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line] == []

    # As installed: no checkout, no compiler.
    environment = {"PYTHONPATH": str(site), "PATH": machine(tmp_path / "bin", ["bash", *PLAIN_TOOLS])}
    plans = [
        subprocess.run(
            [sys.executable, "-m", "ci_port", "plan", "--impl", side, "--env", "TEST_CONFIG=smoke", "--format", "json"],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=tmp_path,
        ).stdout
        for side in ("shell", "python")
    ]
    assert plans[0] == plans[1]
    assert len(json.loads(plans[0])["steps"]) > 10


def test_without_a_compiler_the_rest_is_installed(tmp_path: Path) -> None:
    path = machine(tmp_path / "bin", ["bash", *PLAIN_TOOLS])
    with zipfile.ZipFile(build_wheel(tmp_path, PATH=path)) as archive:
        names = archive.namelist()
    assert "ci_port/cli/main.py" in names
    assert not [name for name in names if name.endswith(".so")]


@pytest.mark.parametrize("room", ["bash", "cli", "host", "pytorch", "dryrun", "parity", "project", "review"])
def test_the_base_install_needs_nothing_but_the_standard_library(room: str) -> None:
    # -S: no site-packages at all.
    root = Path(__file__).resolve().parents[2]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import ci_port.{room}"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
