"""`tools/compare-bash` says its figures in one line, the same for the same seed."""

from __future__ import annotations

import pytest

from tests.parity.recorded_bash import why_not_recorded
from tests.tools.checkout import run_here


@pytest.mark.skipif(bool(why_not_recorded()), reason=why_not_recorded())
def test_figures() -> None:
    done = run_here("tools/compare-bash", "--count", "10", "--seed", "7", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("10 scripts: ")
    assert run_here("tools/compare-bash", "--count", "10", "--seed", "7").stdout == done.stdout


def test_usage() -> None:
    done = run_here("tools/compare-bash", "--count", "many")
    assert done.returncode == 2
    assert "invalid int value: 'many'" in done.stderr
