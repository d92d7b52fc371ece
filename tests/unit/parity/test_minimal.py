"""The smallest environment that still shows a difference."""

from __future__ import annotations

from ci_port.model import Case, Execute, Observation, Overlay, Place, Plan
from ci_port.parity import Result, judge
from ci_port.parity.minimal import TRIES, minimal


def shown(*words: str) -> Observation:
    return Observation(Plan((Execute(("run", *words)),), 0), (Place("f", 1),))


def test_what_the_difference_does_not_need_goes() -> None:
    def control(case: Case) -> Observation:
        return shown("--cuda") if "cuda" in (dict(case.env).get("BUILD") or "") else shown()

    def check(case: Case) -> Result:
        return judge(case, control, lambda _: shown())

    case = Case("x", (("BUILD", "linux-jammy-cuda12.8-py3"), ("GONE", None), ("SHARD", "3")), Overlay(absent=("/x",)))
    assert minimal(check(case), {}, check) == Case("x", (("BUILD", "cuda12.8"),))


def test_another_difference_is_none() -> None:
    """Without FLAG the sides differ as well, but in another word: that is not what was found."""

    def control(case: Case) -> Observation:
        return shown("--one") if dict(case.env).get("FLAG") else shown("--two")

    def check(case: Case) -> Result:
        return judge(case, control, lambda _: shown())

    case = Case("x", (("FLAG", "yes"), ("OTHER", "1")))
    assert minimal(check(case), {}, check).env == (("FLAG", "yes"),)


def test_a_variable_of_the_world_may_be_emptied() -> None:
    def control(case: Case) -> Observation:
        return shown("--empty") if dict(case.env).get("SUITE", "world") in ("", "a-b") else shown()

    def check(case: Case) -> Result:
        return judge(case, control, lambda _: shown())

    assert minimal(check(Case("x", (("SUITE", "a-b"),))), {"SUITE": "world"}, check).env == (("SUITE", ""),)


def test_a_huge_environment_is_given_up_in_time() -> None:
    tries = 0

    def check(case: Case) -> Result:
        nonlocal tries
        tries += 1
        return judge(case, lambda _: shown("--x"), lambda _: shown())

    case = Case("x", tuple((f"V{number:04}", "a-b-c") for number in range(500)))
    first = check(case)
    assert len(minimal(first, {}, check).env) == 500 - TRIES
    assert tries == TRIES + 1


def test_a_case_that_is_as_small_as_can_be_stays() -> None:
    def check(case: Case) -> Result:
        return judge(case, lambda _: shown("--x"), lambda _: shown())

    assert minimal(check(Case("x", ())), {}, check) == Case("x", ())
