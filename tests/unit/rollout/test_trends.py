"""What the evidence adds up to, by phase and day, in each form."""

from __future__ import annotations

import json
from typing import Any

from ci_port.parity.render.plot import Series
from ci_port.parity.render.style import Style
from ci_port.rollout.phases import read_rollout
from ci_port.rollout.records import Evidence, read_record
from ci_port.rollout.trends import OTHER_JOBS, by_phase, markdown_lines, series, text_lines, to_json
from tests.unit.rollout.test_evidence import line
from tests.unit.rollout.test_gate import ROLLOUT

ROWS = read_rollout(ROLLOUT, "rollout.toml")


def record(number: int, job: str, day: int = 20, **changes: Any) -> Evidence:
    return read_record(line(number, id=f"r{number}", job=job, time=f"2026-11-{day}T08:00:00Z", **changes), "records")


SHADOW: dict[str, Any] = {"side": "shadow", "shadow": {"outcome": "same"}}
OFF: dict[str, Any] = {"side": "shadow", "shadow": {"outcome": "different"}}
TRENDS = by_phase(
    [
        record(1, "job:linux/lint", **SHADOW),
        record(2, "job:linux/unit", **SHADOW),
        record(3, "job:linux/unit", day=21, **OFF),
        record(4, "of another template", side="port", fallback=True),
    ],
    ROWS,
    "job:{BUILD}/{CONFIG}",
)


def test_jobs_stand_under_the_phase_that_switches_them_on_in_the_order_of_phases() -> None:
    assert list(TRENDS) == ["1 (limited)", "2 (wide)", OTHER_JOBS]
    assert list(TRENDS["1 (limited)"]) == ["2026-11-20", "2026-11-21"]


def test_json() -> None:
    found = json.loads(json.dumps(to_json(TRENDS)))["1 (limited)"]["2026-11-21"]
    assert found == {"runs": 1, "shadow": 1, "mismatches": 1, "inconclusive": 0, "live": 0, "fallbacks": 0}


def test_a_plot_has_the_same_days() -> None:
    assert series(TRENDS)[0] == Series("1 (limited)", ("2026-11-20", "2026-11-21"), (1, 1), (0, 0), (0, 1), (0, 0))


def test_text_is_a_table_for_each_phase() -> None:
    found = [row.split() for row in text_lines(TRENDS, Style(colour=False))]
    assert found[0] == ["phase", "1", "(limited)"]
    assert found[3] == ["2026-11-21", "1", "1", "100.00", "0", "0", "-"]
    assert found[-1] == ["2026-11-20", "1", "0", "-", "0", "1", "100.00"]
    assert list(text_lines({}, Style(colour=False))) == ["there is no evidence for this yet"]


def test_markdown_is_a_table_for_each_phase() -> None:
    found = list(markdown_lines(TRENDS))
    assert found[0] == "\n### Phase `1 (limited)`\n"
    assert found[4] == "| 2026-11-21 | 1 | 1 | 100.00 | 0 | 0 | - |"
