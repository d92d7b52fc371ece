"""One side alone in many cases; a case that fails ends no other."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from ci_port.model import Case, Execute, NotPorted, Observation, Place, Plan, RunFailed
from ci_port.parity.planning import Attempt, attempts


def side(case: Case) -> Observation:
    if case.id == "bad":
        raise RunFailed("time is up", Place("test.sh", 9), "sleep 1d")
    if case.id == "missing":
        raise NotPorted("test_xla")
    if case.id == "bug":
        raise ZeroDivisionError("by zero")
    return Observation(Plan((Execute((case.id,)),), 0))


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_case_has_a_plan_or_a_reason_in_order(jobs: int) -> None:
    cases = [Case(id, ()) for id in ("a", "bad", "missing", "bug", "z")]
    found = list(attempts(cases, lambda: nullcontext(side), jobs))
    assert [one.case for one in found] == cases
    assert [one.error for one in found] == [
        "",
        "test.sh:9: time is up (command: sleep 1d)",
        "not ported yet: test_xla",
        "ZeroDivisionError: by zero",
        "",
    ]
    assert [one.observation is None for one in found] == [False, True, True, True, False]


def test_the_line_of_a_case() -> None:
    assert Attempt(Case("x", ()), None, "why").to_json() == {"id": "x", "error": "why"}
    found = Attempt(Case("x", ()), Observation(Plan((), 2)))
    assert found.to_json() == {"id": "x", "plan": {"status": 2, "steps": []}}
