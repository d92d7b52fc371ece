"""No command line, file or environment gives a traceback, a wrong status, or a good answer to what is surely bad.

`tools/test` makes 300 inputs, `--long` 3,000; the same ones every time (tests/parity/bad_inputs.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_port.cli.commands import COMMANDS
from tests.parity import bad_inputs
from tests.parity.recorded_bash import why_not_recorded

pytestmark = pytest.mark.skipif(bool(why_not_recorded()), reason=why_not_recorded())
ROOT = Path(__file__).resolve().parents[2]
PARTS = 10


def ran(*arguments: object) -> list[dict[str, Any]]:
    """Run the module in a process of its own, which forks; return what it prints."""
    command = [sys.executable, "-m", "tests.parity.bad_inputs", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=3000, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(0)
@pytest.mark.parametrize("part", range(PARTS))
def test_bad_inputs_are_refused_in_one_sentence(part: int, request: pytest.FixtureRequest) -> None:
    count = (3_000 if request.config.getoption("--long") else 300) // PARTS
    assert ran(1, part * count, count) == []


def test_what_is_good_works() -> None:
    found = ran("good")
    assert len(found) == len(bad_inputs.GOODS)
    assert [one for one in found if one["status"] != one["expected"]] == []


def test_every_command_and_every_file_takes_part() -> None:
    assert {good.command for good in bad_inputs.GOODS} == {command.name for command in COMMANDS}
    reads = {name for good in bad_inputs.GOODS for name in good.reads}
    assert reads >= {
        *("ci-port.json", "world.json", "jobs.csv", "cases.jsonl", "plans.jsonl", "report.json", "rollout.toml"),
        *("records.jsonl", "e.db", "scripts/test.sh", "diffed_port.py", "trace.json", "waivers.toml"),
    }


@pytest.mark.parametrize(
    ("ran", "surely", "problem"),
    [
        (bad_inputs.Ran(2, "", "a word"), True, ""),
        (bad_inputs.Ran(0, "", ""), False, ""),
        (bad_inputs.Ran(0, "", ""), True, "taken for good"),
        (bad_inputs.Ran(2, "", ""), True, "status 2 without a word"),
        (bad_inputs.Ran(-11, "", "x"), True, "status -11"),
        (bad_inputs.Ran(70, "", "x"), True, "status 70"),
        (bad_inputs.Ran(None, "", ""), True, "did not end in 150 seconds"),
        (bad_inputs.Ran(1, "", "Traceback (most recent call last):"), True, "a traceback"),
    ],
)
def test_what_is_wrong_is_seen(ran: bad_inputs.Ran, surely: bool, problem: str) -> None:
    bad = bad_inputs.Bad(bad_inputs.GOODS[0], "", ("plan",), surely=surely)
    assert bad_inputs.problem_of(bad, ran) == problem
