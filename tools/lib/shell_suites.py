"""Public shell test suites, and scripts of real projects, under real bash and through the recorder.

A PATH is a checkout of a suite, or a file of one: oils (`*.test.sh`), mvdan/sh (`*_test.go`), brush (YAML), bash's own
tests (`*.tests`, `*.sub`). Whatever a script does, it does without a network, as an ordinary user, in a root with
nothing of this machine: that takes root, and without it nothing is run.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from ci_port.parity import cores  # noqa: E402
from tests.parity.judging import Judged, Tally, Verdict, judge, shown  # noqa: E402
from tests.parity.limits import SUITE_LIMITS  # noqa: E402
from tests.parity.real_bash import NotContained, RealBash, why_not_contained  # noqa: E402
from tests.parity.recorded_bash import RecordedBash, why_not_recorded  # noqa: E402
from tests.parity.small_scripts import Script  # noqa: E402
from tools.lib.suite_formats import read_whole, scripts_of  # noqa: E402

_AT_ONCE = 40


@dataclass(frozen=True)
class Machine:
    """How scripts run: the bash, and how long one may take."""

    bash: str | None
    seconds: float


def main() -> int:
    """Compare, print; return 0 if nothing differs but limits and races, 1 if something does, 3 if it cannot be run."""
    arguments = _parser().parse_args()
    for reason in (why_not_contained(), why_not_recorded()):
        if reason:
            print(f"tools/shell-suites: nothing is run here: {reason}", file=sys.stderr)
            return 3
    machine = Machine(arguments.bash, arguments.seconds)
    tallies = []
    for path in arguments.paths:
        found = list(_scripts(path, arguments.scripts, arguments.only))
        if not found:
            print(f"tools/shell-suites: {path}: no script of a known suite", file=sys.stderr)
            return 2
        tallies.append(_compare(found, machine, arguments.jobs, arguments.show))
        print(f"{path}: {tallies[-1]}", flush=True)
    return 1 if any(tally.counts[Verdict.DIFFERENT] for tally in tallies) else 0


def _scripts(path: Path, whole: bool, only: str) -> Iterator[Script]:
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    found = (script for file in files for script in read_whole(file)) if whole else scripts_of(path)
    return (script for script in found if only in script.id)


def _compare(found: Sequence[Script], machine: Machine, jobs: int, show: int) -> Tally:
    """Compare scripts, and print those that differ, in order, as they come."""
    tally = Tally()
    parts = [found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE)]
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(functools.partial(_judged, machine), parts):
            for script, verdict in part:
                tally.add(script, verdict)
                if verdict.verdict is Verdict.DIFFERENT and tally.counts[Verdict.DIFFERENT] <= show:
                    print(f"--- {script.id}\n{shown(script, verdict)}\n", flush=True)
    return tally


def _judged(machine: Machine, part: Sequence[Script]) -> list[tuple[Script, Judged]]:
    with contextlib.ExitStack() as stack:
        real = stack.enter_context(RealBash(contained=True, bash=machine.bash))
        recorded = stack.enter_context(RecordedBash(bash=machine.bash))
        run = functools.partial(real.run, seconds=machine.seconds)
        whole = [real.completed(script, seconds=machine.seconds) for script in part]
        return [(script, judge(script, run, recorded.run, SUITE_LIMITS)) for script in whole]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/shell-suites", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a checkout, a folder or a file of a suite")
    parser.add_argument("--scripts", action="store_true", help="PATH holds scripts of a project: each is run whole")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only scripts with this text in their id (FILE:PLACE)"
    )
    parser.add_argument("--show", type=int, default=20, help="how many that differ are shown (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5, help="how long one may take (default: %(default)s)")
    parser.add_argument("--bash", help="another bash than the one on PATH")
    parser.add_argument("--jobs", type=int, default=cores(), help="how many processes (default: one a core)")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotContained as error:
        print(f"tools/shell-suites: nothing is run here: {error}", file=sys.stderr)
        sys.exit(3)
