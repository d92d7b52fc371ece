"""Plans: one canonical text; what was recorded comes out byte for byte."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ci_port.model import DataError, Document, Execute, Limit, Plan, Source, Write
from ci_port.model.plan import dumps, plan_from_json, sorted_changes
from ci_port.model.world import case_from_json, case_to_json

RECORDED = Path(__file__).resolve().parents[2] / "parity" / "recorded"
FILES = {"job": 738, "mix": 667, "world": 126, "fail": 216}

STEPS = [
    (Execute(("a", "b c")), '{"argv":["a","b c"],"cwd":".","kind":"exec"}'),
    (
        Execute(("a",), "test", (("X", "1"), ("Y", None)), 3, "pipe", "/dev/null", ">>log"),
        '{"argv":["a"],"cwd":"test","env":{"X":"1","Y":null},"kind":"exec","status":3,'
        '"stderr":">>log","stdin":"pipe","stdout":"/dev/null"}',
    ),
    (Source("/opt/env.sh"), '{"kind":"source","path":"/opt/env.sh"}'),
    (Write("log", append=True), '{"append":true,"kind":"write","path":"log"}'),
    (Limit("core", 0), '{"kind":"ulimit","resource":"core","value":0}'),
    (Limit("core", "unlimited"), '{"kind":"ulimit","resource":"core","value":"unlimited"}'),
    (Execute(("é\udcff",)), '{"argv":["\\u00e9\\udcff"],"cwd":".","kind":"exec"}'),
]


def parsed(text: str) -> Plan:
    return plan_from_json(Document(text, "plan.json").parse())


@pytest.mark.parametrize(("step", "text"), STEPS)
def test_each_kind_of_step_has_one_text_and_comes_back_from_it(
    step: Execute | Source | Write | Limit, text: str
) -> None:
    plan = Plan((step,), 1)
    assert plan.dumps() == f'{{"status":1,"steps":[{text}]}}'
    assert parsed(plan.dumps()) == plan


@pytest.mark.parametrize("kind", FILES)
def test_recorded_cases_come_out_byte_for_byte(kind: str) -> None:
    lines = gzip.decompress((RECORDED / f"{kind}.jsonl.gz").read_bytes()).decode().splitlines()
    assert len(lines) == FILES[kind]
    for number, line in enumerate(lines, 1):
        document = Document(line, kind, number)
        plan = plan_from_json(document.parse().object("plan"))
        case = case_from_json(document.parse())
        assert dumps({**case_to_json(case), "plan": plan.to_json()}) == line
        assert plan.dumps() == dumps(json.loads(line)["plan"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"status":0}', "field steps is missing"),
        ('{"steps":[]}', "field status is missing"),
        ('{"status":"0","steps":[]}', "field status: an integer is expected, found a string"),
        ('{"status":0,"steps":[],"x":1}', "field x: unknown field"),
        ('{"status":0,"steps":[{}]}', "field steps[0]: field kind is missing"),
        ('{"status":0,"steps":[{"kind":"run"}]}', "field steps[0].kind: unknown step kind 'run'; one of exec, source,"),
        ('{"status":0,"steps":[{"kind":"exec","cwd":"."}]}', "field steps[0]: field argv is missing"),
        (
            '{"status":0,"steps":[{"kind":"exec","argv":[],"cwd":".","env":{"A":1}}]}',
            "field steps[0].env.A: a string",
        ),
        ('{"status":0,"steps":[{"kind":"source","path":"x","cwd":"."}]}', "field steps[0].cwd: unknown field"),
        ('{"status":0,"steps":[{"kind":"write","path":"x","append":1}]}', "field steps[0].append: true or false is"),
        (
            '{"status":0,"steps":[{"kind":"ulimit","resource":"core","value":null}]}',
            "field steps[0].value: an integer",
        ),
    ],
)
def test_a_malformed_plan_is_refused_by_field(text: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        parsed(text)
    assert f"plan.json:1: {problem}" in str(caught.value)


def test_changes_are_sorted_so_that_equal_steps_are_equal() -> None:
    assert sorted_changes({"B": None, "A": "1"}) == (("A", "1"), ("B", None))
