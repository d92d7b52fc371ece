"""`tools/check` is part of the tests, one test for each of its checks."""

from __future__ import annotations

import pytest

from tests.tools.checkout import run_here


@pytest.mark.parametrize("name", ["format", "lint", "types", "imports", "shell", "workflows"])
def test_check(name: str) -> None:
    done = run_here("tools/check", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"check {name}: ok" in done.stdout


def test_an_unknown_check_is_a_usage_error() -> None:
    done = run_here("tools/check", "spelling")
    assert done.returncode == 2
    assert "unknown check spelling; one of format lint types imports shell workflows" in done.stderr
