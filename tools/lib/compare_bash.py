"""Random small scripts under real bash and through the recorder: how many are equal, and what differs, made small."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from ci_port.parity import cores  # noqa: E402
from tests.parity.judging import Judged, Tally, Verdict, judge, shown  # noqa: E402
from tests.parity.limits import LIMITS  # noqa: E402
from tests.parity.real_bash import RealBash  # noqa: E402
from tests.parity.recorded_bash import RecordedBash, why_not_recorded  # noqa: E402
from tests.parity.small_scripts import Script  # noqa: E402
from tests.parity.sweeping import Judge, smallest, sweep  # noqa: E402

_AT_ONCE = 250
"""How many scripts one process runs before it starts anew, with the next seed."""


def main() -> int:
    """Compare, print; return 0 if nothing differs but listed limits, 1 if something does, 3 if this machine cannot."""
    arguments = _parser().parse_args()
    if reason := why_not_recorded():
        print(f"tools/compare-bash: {reason}", file=sys.stderr)
        return 3
    parts = _parts(arguments.count, arguments.seed)
    tally = Tally()
    found: dict[str, tuple[int, int]] = {}
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for part, one in zip(parts, pool.map(_swept, parts), strict=True):
            tally.update(one)
            for kind in one.kinds:
                found.setdefault(kind, part)
    print(tally, flush=True)
    for kind, count in tally.kinds.most_common(arguments.shrink):
        with _both_sides() as judged:
            pair = smallest(judged, *found[kind], kind)
            text = shown(*pair) if pair else "(no script differed in this way again)"
            print(f"\n{count:,} times, {kind}; the smallest:\n{text}", flush=True)
    return 1 if tally.counts[Verdict.DIFFERENT] else 0


def _parts(count: int, seed: int) -> list[tuple[int, int]]:
    """Return how many scripts to run with which seed; the first parts are the same whatever the count."""
    return [(min(_AT_ONCE, count - at), seed * 1_000_000 + at) for at in range(0, count, _AT_ONCE)]


def _swept(part: tuple[int, int]) -> Tally:
    with _both_sides() as judged:
        return sweep(judged, *part)


@contextlib.contextmanager
def _both_sides() -> Iterator[Judge]:
    with RealBash() as real, RecordedBash() as recorded:

        def judged(script: Script) -> Judged:
            return judge(script, real.run, recorded.run, LIMITS)

        yield judged


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/compare-bash", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many scripts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another number gives other scripts (default: %(default)s)")
    parser.add_argument(
        "--shrink", type=int, default=5, help="how many kinds of difference to make small (%(default)s)"
    )
    parser.add_argument("--jobs", type=int, default=cores(), help="how many processes (default: one a core)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
