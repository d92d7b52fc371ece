"""`tools/check` is part of the tests, one test for each of its checks."""

from __future__ import annotations

import subprocess

import pytest

from tests.tools.checkout import ROOT, run


@pytest.mark.parametrize("name", ["format", "lint", "types", "imports", "shell", "workflows"])
def test_check(name: str) -> None:
    done = subprocess.run([ROOT / "tools" / "check", name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"check {name}: ok" in done.stdout


def test_an_unknown_check_is_a_usage_error() -> None:
    done = run(ROOT, "tools/check", "spelling")
    assert done.returncode == 2
    assert "unknown check spelling; one of format lint types imports shell workflows" in done.stderr
