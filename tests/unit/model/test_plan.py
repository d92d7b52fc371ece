"""Plans: one canonical text; what was recorded comes out byte for byte."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from ci_port.model import DataError, Digest, Document, Execute, Limit, Plan, Source, Step, Text, Umask, Write
from ci_port.model.case import case_from_json, case_to_json
from ci_port.model.plan import LONGEST, dumps, plan_from_json, sorted_changes, text_of

RECORDED = Path(__file__).resolve().parents[2] / "parity" / "recorded"
FILES = {"job": 738, "mix": 667, "world": 126, "fail": 216}

SHA = "0f" * 32

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
    (Umask("0077"), '{"kind":"umask","value":"0077"}'),
    (
        Execute(("a",), stdin="heredoc", input="one\n"),
        '{"argv":["a"],"cwd":".","input":"one\\n","kind":"exec","stdin":"heredoc"}',
    ),
    (
        Execute(("a",), stdin="pipe", input=Digest(SHA, 70000)),
        f'{{"argv":["a"],"cwd":".","input":{{"sha256":"{SHA}","size":70000}},"kind":"exec","stdin":"pipe"}}',
    ),
    (
        Execute(("./b.sh",), status=2, steps=(Execute(("c",)), Write("d", append=False, text=""))),
        '{"argv":["./b.sh"],"cwd":".","kind":"exec","status":2,"steps":[{"argv":["c"],"cwd":".","kind":"exec"},'
        '{"append":false,"kind":"write","path":"d","text":""}]}',
    ),
    (Write("log", append=True, text="é"), '{"append":true,"kind":"write","path":"log","text":"\\u00e9"}'),
    (
        Write("log", append=False, text=Digest(SHA, 3)),
        f'{{"append":false,"kind":"write","path":"log","text":{{"sha256":"{SHA}","size":3}}}}',
    ),
    (Execute(("é\udcff",)), '{"argv":["\\u00e9\\udcff"],"cwd":".","kind":"exec"}'),
]


def parsed(text: str) -> Plan:
    return plan_from_json(Document(text, "plan.json").parse())


@pytest.mark.parametrize(("step", "text"), STEPS)
def test_each_kind_of_step_has_one_text_and_comes_back_from_it(step: Step, text: str) -> None:
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


EXEC = '{"status":0,"steps":[{"kind":"exec","argv":["a"],"cwd":".",'
WRITE = '{"status":0,"steps":[{"kind":"write","path":"x","append":true,'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (EXEC + '"input":""}]}', "field steps[0].input: an empty input is left out"),
        (EXEC + '"input":7}]}', "field steps[0].input: a string or an object is expected, found a number"),
        (EXEC + '"input":"a\\u0000"}]}', "field steps[0].input: text of more than 65536 bytes, with NUL or not UTF"),
        (EXEC + '"input":"\\udcff"}]}', "field steps[0].input: text of more than 65536 bytes, with NUL or not UTF"),
        (EXEC + '"input":"' + 65537 * "a" + '"}]}', "field steps[0].input: text of more than 65536 bytes, with NUL "),
        (
            EXEC + '"input":{"sha256":"0F","size":1}}]}',
            "field steps[0].input.sha256: 64 hexadecimal digits are",
        ),
        (EXEC + '"input":{"sha256":"' + SHA + '"}}]}', "field steps[0].input: field size is missing"),
        (EXEC + '"input":{"sha256":"' + SHA + '","size":0}}]}', "field steps[0].input.size: a number of bytes from 1 "),
        (EXEC + '"steps":[]}]}', "field steps[0].steps: without steps the field is left out"),
        (EXEC + '"steps":[{"kind":"x"}]}]}', "field steps[0].steps[0].kind: unknown step kind 'x'"),
        (WRITE + '"text":null,"more":1}]}', "field steps[0].more: unknown field"),
        (
            '{"status":0,"steps":[{"kind":"umask","value":"77"}]}',
            "field steps[0].value: three or four octal digits",
        ),
        ('{"status":0,"steps":[{"kind":"umask","value":77}]}', "field steps[0].value: a string is expected, found"),
    ],
)
def test_malformed_contents_masks_and_nested_steps(text: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        parsed(text)
    assert f"plan.json:1: {problem}" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (b"", ""),
        ("é\n".encode(), "é\n"),
        (LONGEST * b"a", LONGEST * "a"),
        ((LONGEST + 1) * b"a", Digest(hashlib.sha256((LONGEST + 1) * b"a").hexdigest(), LONGEST + 1)),
        ((LONGEST // 2) * "é".encode(), (LONGEST // 2) * "é"),
        (b"\xff", Digest(hashlib.sha256(b"\xff").hexdigest(), 1)),
        (b"a\0", Digest(hashlib.sha256(b"a\0").hexdigest(), 2)),
    ],
    ids=range(7),
)
def test_a_plan_holds_short_texts_and_digests_of_the_rest(content: bytes, held: Text) -> None:
    assert text_of(content) == held


def test_changes_are_sorted_so_that_equal_steps_are_equal() -> None:
    assert sorted_changes({"B": None, "A": "1"}) == (("A", "1"), ("B", None))
