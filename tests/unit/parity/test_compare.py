"""Two observations of one case: what is equal, where plans part, and what a failing side becomes."""

from __future__ import annotations

import dataclasses

import pytest

from ci_port.model import (
    Asked,
    Case,
    Execute,
    Limit,
    NotPorted,
    Observation,
    Place,
    Plan,
    RunFailed,
    Source,
    Step,
    Unanswered,
    Write,
)
from ci_port.parity import Difference, Failure, Result, Shape, Side, Verdict, compare, judge

CASE = Case("case", ())
A, B, C, D = (Execute((name,)) for name in "abcd")


def observation(*steps: Step, status: int = 0, file: str = "test.sh") -> Observation:
    places = tuple(Place(file, line, (f"function_{line}",)) for line in range(1, len(steps) + 1))
    return Observation(Plan(steps, status), places)


def test_equal_plans_are_the_same_wherever_they_come_from() -> None:
    result = compare(CASE, observation(A, B, file="test.sh"), observation(A, B, file="port.py"))
    assert result == Result(CASE, Verdict.SAME)


@pytest.mark.parametrize(
    ("control", "candidate", "index", "shape", "differing"),
    [
        ([A], [B], 0, Shape.CHANGED, ("argv",)),
        ([A, B], [A, Execute(("b",), cwd="test")], 1, Shape.CHANGED, ("cwd",)),
        ([A, B], [A, Execute(("b",), env=(("X", "1"),))], 1, Shape.CHANGED, ("env",)),
        ([A, B], [A, Execute(("b",), env=(("X", None),))], 1, Shape.CHANGED, ("env",)),
        ([A, B], [A, Execute(("b",), status=1)], 1, Shape.CHANGED, ("status",)),
        ([A, B], [A, Execute(("b", ""))], 1, Shape.CHANGED, ("argv",)),
        (
            [A],
            [Execute(("a",), stdin="pipe", stdout="log", stderr=">>log")],
            0,
            Shape.CHANGED,
            ("stdin", "stdout", "stderr"),
        ),
        ([Source("x")], [Write("x", append=False)], 0, Shape.CHANGED, ("kind",)),
        ([Write("x", append=True)], [Write("x", append=False)], 0, Shape.CHANGED, ("append",)),
        ([Limit("core", 0)], [Limit("core", "unlimited")], 0, Shape.CHANGED, ("value",)),
        ([A, B, C], [A, C], 1, Shape.LEFT_OUT, ("argv",)),
        ([A, C], [A, B, C], 1, Shape.ADDED, ("argv",)),
        ([A, B], [A], 1, Shape.LEFT_OUT, ("end",)),
        ([A], [A, B], 1, Shape.ADDED, ("end",)),
        ([A, B, C, D], [A, C, B, D], 1, Shape.SWAPPED, ("argv",)),
    ],
)
def test_difference_names_the_first_step_that_differs(
    control: list[Step], candidate: list[Step], index: int, shape: Shape, differing: tuple[str, ...]
) -> None:
    result = compare(CASE, observation(*control), observation(*candidate, file="port.py"))
    found = result.difference
    assert result.verdict is Verdict.DIFFERENT
    assert found is not None
    assert (found.index, found.shape, found.differing) == (index, shape, differing)
    line = min(index + 1, len(control))
    assert found.control_place == Place("test.sh", line, (f"function_{line}",))
    assert found.candidate_place is not None
    assert found.candidate_place.file == "port.py"


def test_a_step_left_out_is_recognised_although_its_environment_change_moves_to_the_next() -> None:
    control = observation(A, Execute(("b",), env=(("X", "1"),)), Execute(("c",), env=(("Y", "1"),)))
    candidate = observation(A, Execute(("c",), env=(("X", "1"), ("Y", "1"))))
    found = compare(CASE, control, candidate).difference
    assert found is not None
    assert found.shape is Shape.LEFT_OUT


def test_plans_of_equal_steps_can_differ_in_their_exit_status() -> None:
    found = compare(CASE, observation(A, status=1), observation(A)).difference
    assert found is not None
    assert (found.shape, found.differing) == (Shape.STATUS, ("exit status",))
    assert (found.control, found.candidate, found.control_status, found.candidate_status) == (None, None, 1, 0)


def test_an_observation_without_places_has_none_to_show() -> None:
    found = compare(CASE, Observation(Plan((A,), 0)), Observation(Plan((B,), 0))).difference
    assert found is not None
    assert found.control_place is None
    assert found.candidate_place is None


PROBE = Unanswered(Asked.OUTPUT, ("nproc",), Place("test.sh", 3))


@pytest.mark.parametrize("candidate", [observation(A), observation(B)])
def test_a_plan_that_rests_on_a_made_up_answer_is_untrusted_equal_or_not(candidate: Observation) -> None:
    control = dataclasses.replace(observation(A), unanswered=(PROBE,))
    result = compare(CASE, control, candidate)
    assert result.verdict is Verdict.UNTRUSTED
    assert result.unanswered == (PROBE,)
    assert not result.failed


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", Asked)
def test_whatever_nothing_settles_costs_trust_on_either_side(version: int, what: Asked) -> None:
    asked = dataclasses.replace(PROBE, what=what)
    guessing = dataclasses.replace(observation(A), unanswered=(asked,), version=version)
    assert compare(CASE, guessing, observation(A)).verdict is Verdict.UNTRUSTED
    assert compare(CASE, observation(A), guessing).unanswered == (asked,)


def constant(value: Observation) -> Side:
    return lambda case: value


def raising(error: Exception) -> Side:
    def side(case: Case) -> Observation:
        raise error

    return side


def test_judge_runs_both_sides() -> None:
    assert judge(CASE, constant(observation(A)), constant(observation(A))).verdict is Verdict.SAME
    assert judge(CASE, constant(observation(A)), constant(observation(B))).verdict is Verdict.DIFFERENT


def test_a_missing_branch_is_never_an_empty_plan() -> None:
    result = judge(CASE, constant(observation()), raising(NotPorted("test_inductor")))
    assert (result.verdict, result.branch, result.failed) == (Verdict.NOT_PORTED, "test_inductor", False)


def test_a_side_that_fails_is_untrusted_and_says_where() -> None:
    failed = RunFailed("a device is opened", Place("test.sh", 7, ("main",)), "cat /dev/sda")
    result = judge(CASE, raising(failed), constant(observation(A)))
    assert result.verdict is Verdict.UNTRUSTED
    assert result.failures == (Failure("script", "a device is opened", Place("test.sh", 7, ("main",)), "cat /dev/sda"),)
    assert str(result.failures[0]) == "script: test.sh:7 in main: a device is opened (command: cat /dev/sda)"


def test_a_failed_control_outweighs_a_missing_branch() -> None:
    result = judge(CASE, raising(RunFailed("time is up")), raising(NotPorted("x")))
    assert (result.verdict, result.failed) == (Verdict.UNTRUSTED, True)


def test_a_bug_in_a_side_is_a_finding_about_the_case() -> None:
    result = judge(CASE, constant(observation(A)), raising(KeyError("SHARD")))
    (failure,) = result.failures
    assert (failure.side, failure.problem) == ("port", "KeyError: 'SHARD'")
    assert failure.place is not None
    assert failure.place.file == __file__
    assert failure.place.functions == ("side",)


def test_keyboard_interrupt_is_nobodys_finding() -> None:
    def interrupted(case: Case) -> Observation:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(CASE, interrupted, constant(observation(A)))


def test_results_are_values() -> None:
    found = compare(CASE, observation(A), observation(B)).difference
    assert isinstance(found, Difference)
    assert hash(found) == hash(compare(CASE, observation(A), observation(B)).difference)
