"""The exit status of a comparison."""

from __future__ import annotations

import pytest

from ci_port.cli import status
from ci_port.model import Case
from tests.unit.parity import sample


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (sample.GOOD, status.SAME),
        ((sample.job("lint", "cuda"),), status.DIFFERENT),
        ((sample.job("new"),), status.DIFFERENT),
        ((sample.job("guess"),), status.DIFFERENT),
        ((sample.job("lint", "cuda"), sample.job("broken")), status.SIDE_FAILED),
    ],
)
def test_a_side_that_failed_outweighs_a_difference(cases: tuple[Case, ...], expected: int) -> None:
    assert status.of_report(sample.make(cases)) == expected
