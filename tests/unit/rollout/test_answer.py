"""A gate's answer in each form."""

from __future__ import annotations

from ci_port.parity.render.style import Style
from ci_port.rollout.answer import markdown_lines, text_lines, to_json
from ci_port.rollout.gate import Requirement
from ci_port.rollout.phases import read_rollout
from tests.unit.rollout.test_gate import ROLLOUT

PHASE = read_rollout(ROLLOUT, "rollout.toml").find("1")
HELD = Requirement("report", True, "here", "a report")
CLOSED = Requirement("shadow runs", False, "0 | 1\n2", "at least 3")
PLAIN = Style(colour=False)


def test_text_marks_each_requirement() -> None:
    assert list(text_lines(PHASE, [HELD, CLOSED], PLAIN)) == [
        "ok      report       here  (asked: a report)",
        "CLOSED  shadow runs  0 | 1\\n2  (asked: at least 3)",
        "phase 1 (limited): closed by 1 of 2 requirements: shadow runs",
    ]
    assert list(text_lines(PHASE, [HELD], PLAIN))[-1] == "phase 1 (limited): open"


def test_markdown_keeps_a_cell_a_cell() -> None:
    head, _, held, closed = markdown_lines(PHASE, [HELD, CLOSED])
    assert head.startswith("### 🔴 phase `1 (limited)`: closed")
    assert held == "| ✅ | report | `here` | `a report` |"
    assert closed == "| ❌ closed | shadow runs | `0 \\| 1\\n2` | `at least 3` |"
    assert next(iter(markdown_lines(PHASE, [HELD]))) == "### 🟢 phase `1 (limited)`: open\n"


def test_json() -> None:
    found = to_json(PHASE, [CLOSED])
    assert (found["phase"], found["open"]) == ("1", False)
    assert found["requirements"] == [
        {"name": "shadow runs", "holds": False, "found": "0 | 1\n2", "asked": "at least 3"}
    ]
