"""Cases, and what is said about malformed ones."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ci_port.model import Case, DataError, Document, File, Link, Overlay, Rule
from ci_port.model.case import case_from_json, case_to_json, read_cases, refusal

CASE = {
    "id": "x",
    "env": {"A": "1", "B": None},
    "world": {
        "commands": [{"argv": ["git", "**"], "status": 1, "stdout": "out", "when": {"A": "1*"}}, {"argv": ["x"]}],
        "files": {"/f": "text"},
        "absent": ["/g"],
    },
}
NEW = {
    "id": "y",
    "env": {},
    "args": ["-v", ""],
    "stdin": "",
    "world": {
        "commands": [{"argv": ["tar"], "stderr": "no", "makes": {"a": None, "b": {"link": "a"}}, "removes": ["c"]}],
        "files": {"/f": {"text": "", "mode": "755"}},
        "missing": ["git"],
        "executables": ["/bin/hg"],
    },
}


def test_a_case_comes_back_from_its_json() -> None:
    case = case_from_json(Document(json.dumps(CASE), "c").parse())
    assert case == Case(
        "x",
        (("A", "1"), ("B", None)),
        Overlay((Rule(("git", "**"), 1, "out", (("A", "1*"),)), Rule(("x",))), (("/f", "text"),), ("/g",)),
    )
    assert case_to_json(case) == CASE
    assert case_to_json(Case("y", ())) == {"id": "y", "env": {}}


def test_a_case_says_how_the_script_is_started() -> None:
    case = case_from_json(Document(json.dumps(NEW), "c").parse())
    rule = Rule(("tar",), stderr="no", makes=(("a", None), ("b", Link("a"))), removes=("c",))
    overlay = Overlay((rule,), (("/f", File("", 0o755)),), missing=("git",), executables=("/bin/hg",))
    assert case == Case("y", (), overlay, ("-v", ""), "")
    assert case_to_json(case) == NEW


@pytest.mark.parametrize(
    ("case", "field"),
    [
        (Case("x", (), Overlay((Rule(("a",), nth=1),), (("/f", ""),), ("/g",))), None),
        (Case("x", (), None, ("a",)), "args"),
        (Case("x", (), None, (), ""), "stdin"),
        (Case("x", (), Overlay((Rule(("a",)), Rule(("a",), stderr="x")))), "world.commands[1].stderr"),
        (Case("x", (), Overlay((Rule(("a",), makes=(("x", None),)),))), "world.commands[0].makes"),
        (Case("x", (), Overlay((Rule(("a",), removes=("x",)),))), "world.commands[0].removes"),
        (Case("x", (), Overlay(files=(("/f", File("", 0o755)),))), "world.files./f"),
        (Case("x", (), Overlay(missing=("a",))), "world.missing"),
        (Case("x", (), Overlay(executables=("/bin/a",))), "world.executables"),
    ],
)
def test_a_world_of_version_1_runs_no_case_that_says_more(case: Case, field: str | None) -> None:
    assert refusal(case, 2) is None
    assert refusal(case, 1) == (field and f"{field} of the case 'x' needs a world with \"version\": 2")


def test_cases_are_read_line_by_line_and_may_carry_a_plan() -> None:
    text = '{"id":"a","env":{}}\n\n{"id":"b","env":{"X":""},"plan":{"status":0,"steps":[]}}\n'
    assert [case.id for case in read_cases(text, "c")] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"id":"a"}\n{"id":"a","env":{}}', "c:2: field id: 'a' stands already in line 1"),
        ('{"id":"a"}\nnonsense', "c:2: not JSON"),
        ('{"env":{}}', "c:1: field id is missing"),
        ('{"id":"a","env":{"X":true}}', "c:1: field env.X: a string is expected, found true"),
        ('{"id":"a","env":{"":"x"}}', "c:1: field env.: not a variable name: ''"),
        ('{"id":"a","world":{"absent":["x"]}}', "c:1: field world.absent[0]: an absolute path"),
        ('{"id":"a","wrld":{}}', "c:1: field wrld: unknown field"),
    ],
)
def test_malformed_cases_name_line_and_field(text: str, problem: str) -> None:
    assert problem_of(lambda: read_cases(text, "c")).startswith(problem)


def problem_of(read: Callable[[], list[Case]]) -> str:
    """Return what is wrong with a text, said of all of it or of one of its cases."""
    try:
        return next(case.wrong for case in read() if case.wrong)
    except DataError as error:
        return str(error)


def test_a_wrong_case_takes_no_other_down() -> None:
    first, wrong, last = read_cases('{"id":"a"}\n{"id":"b","env":{"X":1}}\n{"id":"c"}\n', "f.jsonl")
    assert (first.id, last.id) == ("a", "c")
    assert wrong == Case("f.jsonl:2", (), wrong="f.jsonl:2: field env.X: a string is expected, found a number")
    assert refusal(wrong, 2) == wrong.wrong
    assert read_cases(json.dumps(case_to_json(wrong)), "x") == [wrong]


def test_a_text_in_which_all_is_wrong_is_no_text_of_cases() -> None:
    with pytest.raises(DataError, match="f:1: not JSON"):
        read_cases("nonsense\nmore\n", "f")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id":"b","env":{"X":"\\ud800"}}', "field env.X: text is expected, found half a character: '\\ud800'"),
        ('{"id":"b","env":{"X":"\udcff"}}', "not UTF-8: byte 0xff at column 23"),
        ('{"id":"b","env":{"X":"\\u0000"}}', "field env.X: the value of X contains a NUL byte"),
        (f'{{"id":"b","n":{"9" * 5000}}}', "not JSON that can be read: too long a number"),
        (f'{{"id":"b","n":{2**70}}}', "field n: unknown field"),
        ("[" * 100_000, "not JSON that can be read: nested too deeply"),
        ('{"id":"a"}', "field id: 'a' stands already in line 1"),
        ("[]", "an object is expected, found a list"),
    ],
)
def test_whatever_is_wrong_the_others_are_read(line: str, problem: str) -> None:
    first, wrong, last = read_cases(f'{{"id":"a"}}\n{line}\n{{"id":"f:2"}}\n', "f")
    assert (first.id, last.id) == ("a", "f:2")
    assert (wrong.id, wrong.wrong) == ("f:2'", f"f:2: {problem}"), "no right case has its id"


def test_where_all_is_wrong_each_is_said() -> None:
    assert problem_of(lambda: read_cases('{"id":1}\n\n{"id":"b","x":2}\n', "f")).split("\n") == [
        "f:1: field id: a string is expected, found a number",
        "f:3: field x: unknown field",
    ]
