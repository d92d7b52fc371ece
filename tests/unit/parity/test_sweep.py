"""Many cases: in order, counted, and grouped by identical change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from ci_port.model import Case, Execute, NotPorted, Observation, Place, Plan, RunFailed
from ci_port.parity import Shape, Side, Verdict, grouped, summarise, sweep


def cases(count: int) -> list[Case]:
    return [Case(f"case:{number}", (("N", str(number)),)) for number in range(count)]


def observed(case: Case, *extra: str) -> Observation:
    number = dict(case.env)["N"] or ""
    return Observation(Plan((Execute(("run", "--shard", number, *extra)),), 0), (Place("test.sh", 4, ("main",)),))


@contextlib.contextmanager
def open_control() -> Iterator[Side]:
    yield observed


def candidate(case: Case) -> Observation:
    number = int(dict(case.env)["N"] or 0)
    if number % 5 == 1:
        return observed(case, "--verbose")
    if number % 5 == 2:
        raise NotPorted("test_xla")
    if number % 5 == 3:
        raise RunFailed("it cannot be known")
    return observed(case)


@pytest.mark.parametrize("jobs", [1, 3])
def test_sweep_yields_one_result_a_case_in_order(jobs: int) -> None:
    results = list(sweep(cases(50), open_control, candidate, jobs))
    assert [result.case.id for result in results] == [f"case:{number}" for number in range(50)]
    assert [result.verdict for result in results[:5]] == [
        Verdict.SAME,
        Verdict.DIFFERENT,
        Verdict.NOT_PORTED,
        Verdict.UNTRUSTED,
        Verdict.SAME,
    ]
    summary = summarise(results)
    assert (summary.total, summary.failed, summary.all_same) == (50, 10, False)
    assert [summary.counts[verdict] for verdict in Verdict] == [20, 10, 10, 10]


def test_all_same() -> None:
    assert summarise(sweep(cases(3), open_control, observed, 1)).all_same


def test_one_change_is_one_group_whatever_else_the_commands_say() -> None:
    (group,) = grouped(sweep(cases(50), open_control, candidate, 1))
    assert group.change == (((), ("--verbose",)),)
    assert group.control_place == Place("test.sh", 4, ("main",))
    assert len(group.results) == 10
    assert group.results[0].difference is not None
    assert group.results[0].difference.shape is Shape.CHANGED


def test_groups_come_largest_first() -> None:
    def flags(case: Case) -> Observation:
        return observed(case, "--rare" if case.id == "case:0" else "--often")

    groups = grouped(sweep(cases(4), open_control, flags, 1))
    assert [(group.change[0][1], len(group.results)) for group in groups] == [(("--often",), 3), (("--rare",), 1)]
