"""For each command of a run, the case in which just that command fails."""

from __future__ import annotations

import pytest

from ci_port.model import Case, Execute, Overlay, Plan, Rule, Source
from ci_port.model.rules import Answers
from ci_port.parity import failures

ENV = (("TEST_CONFIG", "smoke"),)
RULE = Rule(("git", "status"), stdout="clean\n")


def plan_of(*commands: str) -> Plan:
    return Plan(tuple(Execute(tuple(command.split(" "))) for command in commands), 0)


def failed(case: Case, plan: Plan) -> list[int]:
    """Return which commands of the plan the case's rules let fail."""
    assert case.world is not None
    answers = Answers(case.world.commands)
    found = []
    for index, step in enumerate(plan.steps):
        if isinstance(step, Execute) and (rule := answers.to(step.argv)) and rule.status:
            found.append(index)
    return found


@pytest.mark.parametrize(
    "commands",
    [
        ("env",),
        ("env", "make", "env"),
        ("a", "a", "a", "b"),
        ("rm *", "rm x", "rm *"),
        ("rm **", "rm a", "rm **"),
    ],
)
def test_each_command_fails_alone(commands: tuple[str, ...]) -> None:
    plan = plan_of(*commands)
    variants = list(failures.failing_each_step(Case("case", ENV), plan))
    assert [failed(variant, plan) for variant in variants] == [[index] for index in range(len(commands))]


def test_only_commands_can_fail() -> None:
    plan = Plan((Source("x"), Execute(("env",))), 0)
    variants = list(failures.failing_each_step(Case("case", ENV), plan, status=3))
    assert [variant.id for variant in variants] == ["case#1=3"]
    assert [failed(variant, plan) for variant in variants] == [[1]]


def test_the_other_answers_of_the_case_stay() -> None:
    case = Case("case", ENV, Overlay(commands=(RULE,), files=(("/w/x", ""),)))
    (variant,) = failures.failing_each_step(case, plan_of("make"))
    assert variant.world == Overlay((Rule(("make",), 1, nth=1), RULE), (("/w/x", ""),))


def test_environments_are_told_apart_by_variables_and_files() -> None:
    plain = Case("plain", ENV)
    answers = Case("answers", ENV, Overlay(commands=(RULE,)))
    files = Case("files", ENV, Overlay(commands=(RULE,), files=(("/w/x", ""),)))
    other = Case("other", ())
    assert failures.environments([answers, plain, files, other, files]) == [
        Case("answers", ENV),
        Case("files", ENV, Overlay(files=(("/w/x", ""),))),
        other,
    ]


def test_wrong_cases_stay_each_by_itself() -> None:
    cases = [Case("a", ()), Case("f:2", (), wrong="f:2: x"), Case("f:3", (), wrong="f:3: x"), Case("b", ())]
    assert [case.id for case in failures.environments(cases)] == ["a", "f:2", "f:3"]
