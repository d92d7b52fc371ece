"""Random environments and worlds: every value that matters can be drawn, and counterexamples shrink to little."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from ci_port.model import Case, Environment, Execute, Plan, Variable, World
from ci_port.space import strategies
from ci_port.space.vocabulary import vocabulary

BE, SHARD = Variable("BUILD_ENVIRONMENT"), Variable("SHARD_NUMBER")
WORDS = vocabulary([BE.contains("cuda"), BE.contains("rocm"), SHARD.compare("-gt", 1)])
WORLD = World("/w", "/bin", Environment({"HOME": "/h"}), files={"/w/pin": "1"}, dirs=frozenset({"/w", "/w/d"}))
PLAN = Plan((Execute(("git", "status")), Execute(("rm", "*"))), 0)


def plan_of(case: Case) -> Plan:
    return PLAN


CASES = strategies.cases(WORDS, WORLD, plan_of, ["BUILD_ENVIRONMENT"], ["SUDO"], ["/w/new.whl"])
QUIET = settings(max_examples=5_000, database=None, deadline=None)


@given(CASES)
def test_every_case_can_be_laid_over_the_world(case: Case) -> None:
    world = WORLD.overlaid(case.world)
    assert set(world.start(dict(case.env))) <= {"PATH", "HOME", "BUILD_ENVIRONMENT", "SHARD_NUMBER", "SUDO"}
    assert world.workspace == "/w"


@given(CASES)
def test_only_commands_of_the_plan_answer_differently(case: Case) -> None:
    rules = case.world.commands if case.world else ()
    # `rm *` as a rule would speak of every rm with one argument, and is left out.
    assert {rule.argv for rule in rules} <= {("git", "status")}


@given(st.data())
def test_values_are_of_their_variable(data: st.DataObject) -> None:
    value = data.draw(strategies.values(WORDS, "SHARD_NUMBER"))
    assert value in {None, ""} or any(text in value for text in (*"012", *strategies.ODD_NUMBERS))


def found(name: str, wanted: str | None) -> str | None:
    return find(strategies.values(WORDS, name), lambda value: value == wanted, settings=QUIET)


@pytest.mark.parametrize("wanted", [None, "", "cuda", "cuda-rocm", "rocm cuda", "*"])
def test_each_kind_of_value_is_found(wanted: str | None) -> None:
    assert found("BUILD_ENVIRONMENT", wanted) == wanted


@pytest.mark.parametrize("wanted", strategies.ODD_NUMBERS)
def test_each_odd_number_is_found(wanted: str) -> None:
    assert found("SHARD_NUMBER", wanted) == wanted


def test_a_counterexample_shrinks_to_what_matters() -> None:
    small = find(CASES, lambda case: "cuda" in (dict(case.env)["BUILD_ENVIRONMENT"] or ""), settings=QUIET)
    assert small == Case("random", (("BUILD_ENVIRONMENT", "cuda"),), None)


def test_a_failing_command_shrinks_to_one_rule() -> None:
    small = find(CASES, lambda case: bool(case.world and any(r.status for r in case.world.commands)), settings=QUIET)
    assert small.world is not None
    assert [(rule.argv, rule.status, rule.nth) for rule in small.world.commands] == [(("git", "status"), 1, 0)]
    assert not small.world.files
    assert not small.world.absent
