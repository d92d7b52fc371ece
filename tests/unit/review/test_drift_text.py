"""A drift as a list of things to do."""

from __future__ import annotations

import pytest

pytest.importorskip("bashlex", reason="the parts of a script come from a room that needs it")

from ci_port.review.drift import Drift, Moved
from ci_port.review.drift_text import markdown_lines
from ci_port.shell.trace import Part
from tests.unit.parity import sample

PART = Part("t.sh", "f", "function", "f", 3, 5, "f()", "new")
NEW = Moved("t.sh", "f", PART, None)
CHANGED = Moved("t.sh", "f", PART, "port:f")
GONE = Moved("t.sh", "g", None, "port:f")
ORPHAN = Moved("t.sh", "h", None, None)


def lines(drift: Drift) -> list[str]:
    return "\n".join(markdown_lines(drift)).split("\n")


def test_nothing_to_do_is_one_sentence() -> None:
    found = lines(Drift("t.sh", (), (), (), sample.make()))
    assert found[0] == "# Drift of `t.sh`"
    assert found[-1].startswith("Nothing has moved")


def test_parts_are_tasks_with_their_places() -> None:
    found = lines(Drift("t.sh", (NEW,), (CHANGED,), (GONE, ORPHAN), None))
    assert "Parts of the script: 1 added, 1 changed, 2 removed." in found
    assert "- [ ] `f` (`t.sh:3`): `f()`" in found
    at = found.index("- [ ] `port:f`")
    assert found[at + 1 : at + 3] == ["  - changed: `f` (`t.sh:3`): `f()`", "  - removed: `g` of `t.sh`"]
    assert found[found.index("## Changed or removed, without a function") + 2] == "- [ ] `h` of `t.sh`"
    assert "## Jobs that differ" not in found
    assert found[-1] == "- [ ] `ci-port lock`"


def test_jobs_that_differ_are_tasks_each_change_once() -> None:
    found = lines(Drift("t.sh", (), (), (), sample.make(sample.BAD)))
    assert "Parts of the script: 0 added, 0 changed, 0 removed; 5 of 6 jobs differ." in found
    jobs = found[found.index("## Jobs that differ") :]
    assert jobs[2].startswith("- [ ] 2 jobs, such as `cuda/unit`: script `scripts/test.sh:11 in run_suite`")
    assert "  - smallest environment: `BUILD=cuda`" in jobs
    assert "- [ ] not ported, 1 jobs: `the port has no function yet for the new arm`" in jobs
