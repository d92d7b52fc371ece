"""The JSON schemas of what people write and read: they accept what the parsers accept, and refuse most of the rest."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from ci_port.model import Case, Document, Fields, Plan, Rule, World
from ci_port.model.case import case_from_json, case_to_json
from ci_port.model.jobs import job_from_json
from ci_port.model.libraries import NAMES
from ci_port.model.packaged import DATA
from ci_port.model.plan import dumps, plan_from_json
from ci_port.model.reading import read_text
from ci_port.model.rules import rule_from_json, rule_to_json
from ci_port.model.world import world_from_json, world_to_json
from tests.unit.model import generated, test_malformed
from tests.unit.model.test_malformed import Row

FOLDER = Path(DATA)
SCHEMAS = ("case", "job", "plan", "rules", "world")
RECORDED = Path(__file__).resolve().parents[2] / "parity" / "recorded"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return found


@functools.cache
def validator(name: str, part: str = "") -> Draft202012Validator:
    """Return what checks values by a schema, or by a part of it."""
    resources = [(f"{each}.schema.json", Resource.from_contents(schema(each))) for each in SCHEMAS]
    registry: Any = Registry().with_resources(resources)
    return Draft202012Validator({"$ref": f"{name}.schema.json{part}"}, registry=registry)


def accepts(name: str, value: object, part: str = "") -> bool:
    return bool(validator(name, part).is_valid(value))


def parsed(text: str) -> Fields:
    return Document(text, "x.json").parse()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == f"{name}.schema.json"


@pytest.mark.parametrize("path", [FOLDER / "pytorch" / "world.json", RECORDED / "world.json"])
def test_the_worlds_of_the_project_fit(path: Path) -> None:
    assert list(validator("world").iter_errors(json.loads(path.read_text()))) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_libraries_fit(name: str) -> None:
    assert list(validator("rules").iter_errors(json.loads((FOLDER / "rules" / f"{name}.json").read_text()))) == []
    assert name in schema("world")["properties"]["include"]["items"]["enum"]


@pytest.mark.parametrize("kind", ["job", "mix", "world", "fail"])
def test_the_recorded_cases_and_plans_fit(kind: str) -> None:
    steps: dict[str, object] = {}
    for line in read_text(RECORDED / f"{kind}.jsonl.gz").splitlines():
        case = json.loads(line)
        # The same step stands in many plans; checking each once is enough.
        steps |= {dumps(step): step for step in case["plan"].pop("steps")}
        case["plan"]["steps"] = []
        assert accepts("case", case), case["id"]
    assert steps
    assert [text for text, step in steps.items() if not accepts("plan", step, "#/$defs/step")] == []


@given(generated.worlds())
def test_worlds_come_back(world: World) -> None:
    value = world_to_json(world)
    assert list(validator("world").iter_errors(value)) == []
    assert world_from_json(parsed(json.dumps(value))) == world


@given(generated.rules())
def test_rules_come_back(rule: Rule) -> None:
    value = rule_to_json(rule)
    assert accepts("rules", {"about": "", "commands": [value]})
    assert rule_from_json(parsed(json.dumps(value))) == rule


@given(generated.CASES)
def test_cases_come_back(case: Case) -> None:
    value = case_to_json(case)
    assert list(validator("case").iter_errors(value)) == []
    assert case_from_json(parsed(json.dumps(value))) == case


@given(generated.JOBS, st.booleans())
def test_jobs_come_back(case: Case, named: bool) -> None:
    value = case_to_json(case)
    if not named:
        del value["id"]
    assert list(validator("job").iter_errors(value)) == []
    found = job_from_json(parsed(json.dumps(value)), "x.json", 1, "made")
    assert found == Case(case.id if named else "made", case.env, None, case.args, case.stdin)


@given(generated.PLANS)
def test_plans_come_back_byte_for_byte(plan: Plan) -> None:
    text = plan.dumps()
    assert list(validator("plan").iter_errors(json.loads(text))) == []
    again = plan_from_json(parsed(text))
    assert again == plan
    assert again.dumps() == text


# What is wrong with these only the parser sees: it knows more than one value at a time, or bash's patterns.
BEYOND = (
    *("extended glob", "is there:", "which is there", "is missing, and", "stands below", "is a directory here"),
    *("stands in files", "is no word of the command", "stands already", "half a character"),
)


def refused_by_schema(name: str, text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return True
    return not accepts(name, value)


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        *(("world", row, test_malformed.TWO + row.text) for row in test_malformed.WORLDS),
        *(
            ("world", row, f'{test_malformed.TWO}"commands": [{{{row.text}]}}')
            for row in test_malformed.RULES
            if "can only be the last" not in row.problem
        ),
        *(("world", row, test_malformed.ONE + row.text) for row in test_malformed.OLD),
        *(("case", row, '{"id": "x", ' + row.text) for row in test_malformed.CASES),
    ],
)
def test_what_the_parser_refuses_the_schema_refuses_where_it_can(name: str, row: Row, text: str) -> None:
    beyond = any(words in row.problem for words in BEYOND)
    assert refused_by_schema(name, text) is not beyond
