"""Random small scripts: the recorder says what real bash does, to the word.

`tools/compare-bash` runs as many as one likes; `tools/test --long` 20,000.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.parity.judging import Judged, Verdict, judge, shown
from tests.parity.limits import LIMITS
from tests.parity.real_bash import RealBash
from tests.parity.recorded_bash import RecordedBash, why_not_recorded
from tests.parity.small_scripts import Script
from tests.parity.sweeping import smallest_of_each, sweep

pytestmark = pytest.mark.skipif(bool(why_not_recorded()), reason=why_not_recorded())
PARTS = 6


@pytest.fixture(scope="module")
def recorded_bash() -> Iterator[RecordedBash]:
    """The recorder."""
    with RecordedBash() as recorded:
        yield recorded


@pytest.mark.parametrize("part", range(PARTS))
def test_the_recorder_says_what_bash_does(
    part: int, real_bash: RealBash, recorded_bash: RecordedBash, request: pytest.FixtureRequest
) -> None:
    def judged(script: Script) -> Judged:
        return judge(script, real_bash.run, recorded_bash.run, LIMITS)

    count = 20_000 // PARTS if request.config.getoption("--long") else 2_000 // PARTS + 1
    tally = sweep(judged, count, part)
    if tally.counts[Verdict.DIFFERENT]:
        small = "\n\n".join(shown(*pair) for pair in smallest_of_each(judged, count, part, tally, 3))
        pytest.fail(f"{tally}\n\n{small}")
    assert tally.counts[Verdict.RACE] <= 1 + count // 1000
