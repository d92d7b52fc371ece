"""Tables of jobs, in both forms."""

from __future__ import annotations

import csv
import io
import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Case
from ci_port.model.jobs import UNSET, read_jobs
from tests.unit.model.test_case import problem_of


def jobs(text: str, template: str = "job:{A}") -> list[Case]:
    return read_jobs(text, "dir.jsonl/jobs.csv", template)


def lines(text: str, template: str = "job:{A}") -> list[Case]:
    return read_jobs(text, "jobs.jsonl", template)


def test_a_row_is_a_case_and_an_empty_cell_an_empty_value() -> None:
    assert jobs('A,B\nx,\n"y, z",1\n\n') == [
        Case("job:x", (("A", "x"), ("B", ""))),
        Case("job:y, z", (("A", "y, z"), ("B", "1"))),
    ]


def test_unset_is_not_empty() -> None:
    assert jobs("A,B\nx,<unset>\n<unset>,\n") == [
        Case("job:x", (("A", "x"), ("B", None))),
        Case("job:<unset>", (("A", None), ("B", ""))),
    ]


@pytest.mark.parametrize(
    ("cells", "args", "stdin"),
    [
        (",", (), ""),
        ("-v,<unset>", ("-v",), None),
        ('"a  \'b c\' ""d\\""""",yes', ("a", "b c", 'd"'), "yes"),
        ("'',\"two\nlines\n\"", ("",), "two\nlines\n"),
        ("<unset>,<unset>", (), None),
        ("$HOME *,#", ("$HOME", "*"), "#"),
    ],
)
def test_how_the_script_is_started(cells: str, args: tuple[str, ...], stdin: str | None) -> None:
    assert jobs(f"A,args,stdin\nx,{cells}\n") == [Case("job:x", (("A", "x"),), None, args, stdin)]


def test_without_the_columns_nothing_is_given() -> None:
    (case,) = jobs("A\nx\n")
    assert (case.args, case.stdin) == ((), None)


def test_an_id_may_speak_of_all_columns() -> None:
    text = "A,args,stdin\nx,-v 'a b',\ny,,<unset>\n"
    assert [case.id for case in jobs(text, "{A}[{args}]{stdin}")] == ["x[-v 'a b']", "y[]<unset>"]
    text = '{"env":{"A":"x","B":null},"args":["-v","a b"],"stdin":""}\n{"env":{"A":"y","B":""}}\n'
    assert [case.id for case in lines(text, "{A}{B}[{args}]{stdin}")] == ["x<unset>[-v 'a b']", "y[]<unset>"]


def test_equal_ids_are_numbered() -> None:
    assert [case.id for case in jobs("A,B\nx,1\nx,2\ny,1\nx,3\n")] == ["job:x", "job:x#2", "job:y", "job:x#3"]
    text = '{"id":"job:x#2"}\n' + 3 * '{"env":{"A":"x"}}\n'
    assert [case.id for case in lines(text)] == ["job:x#2", "job:x", "job:x#3", "job:x#4"]


def test_a_line_is_a_case() -> None:
    text = '{"id":"one","env":{"A":"x","B":null},"args":["-v",""],"stdin":"text"}\n\n{"env":{"A":""}}\n'
    assert lines(text) == [
        Case("one", (("A", "x"), ("B", None)), None, ("-v", ""), "text"),
        Case("job:", (("A", ""),)),
    ]


@pytest.mark.parametrize(
    ("text", "template", "problem"),
    [
        ("", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A,A\n", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A,\n", "{A}", "jobs.csv:1: the first line must name each column once"),
        ("A=B\n", "{A}", "jobs.csv:1: field A=B: not a variable name: 'A=B'"),
        ("A,B\n1,2\n1\n", "{A}", "jobs.csv:3: 2 cells are expected, found 1"),
        ('A\n"x\n', "{A}", "unexpected end of data"),
        ("A\nx\n", "{B}", "jobs.csv:1: the id of a job cannot be made from '{B}'"),
        ("A\nx\n", "{", "jobs.csv:1: the id of a job cannot be made from '{'"),
        ("A\nx\n", "{A.b}", "jobs.csv:1: the id of a job cannot be made from '{A.b}'"),
        ("A,args\nx,a\nx,'a\n", "{A}", "jobs.csv:3: field args: words as a shell reads them are expected: No closing"),
    ],
)
def test_a_malformed_table_is_refused_by_line(text: str, template: str, problem: str) -> None:
    assert problem in problem_of(lambda: jobs(text, template))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"env":{"A":"x"}}\n{"env":{}}', "jobs.jsonl:2: the id of a job cannot be made from 'job:{A}': KeyError('A')"),
        ('{"id":"a"}\n{"id":"a"}', "jobs.jsonl:2: field id: 'a' stands already in line 1"),
        ('{"env":{"A":"x"}}\n\n{"id":"job:x"}', "jobs.jsonl:3: field id: 'job:x' stands already in line 1"),
        ('{"id":7}', "jobs.jsonl:1: field id: a string is expected, found a number"),
        ('{"id":"a","env":{"A":1}}', "jobs.jsonl:1: field env.A: a string is expected, found a number"),
        ('{"id":"a","args":"-v"}', "jobs.jsonl:1: field args: a list of strings is expected, found a string"),
        ('{"id":"a","stdin":[]}', "jobs.jsonl:1: field stdin: a string is expected, found a list"),
        ('{"id":"a","world":{}}', "jobs.jsonl:1: field world: unknown field"),
        ("A,B", "jobs.jsonl:1: not JSON"),
    ],
)
def test_a_malformed_line_is_refused_by_field(text: str, problem: str) -> None:
    assert problem_of(lambda: lines(text)).startswith(problem)


CELLS = st.text(st.characters(blacklist_characters='\0\r\n,"', blacklist_categories=["Cs"]), max_size=6)


@given(CELLS | st.none(), st.lists(CELLS, max_size=3), CELLS | st.none())
def test_both_forms_say_the_same(value: str | None, args: list[str], stdin: str | None) -> None:
    cells = [UNSET if value is None else value, shlex.join(args), UNSET if stdin is None else stdin]
    table = io.StringIO()
    csv.writer(table).writerows([("A", "args", "stdin"), cells])
    line = json.dumps({"env": {"A": value}, "args": args, "stdin": stdin})
    assert jobs(table.getvalue()) == lines(line)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("x", "2 cells are expected, found 1"),
        ('"x"y,1', """',' expected after '"'"""),
        ("x,\udcff", "field B: not UTF-8: byte 0xff at column 1"),
        pytest.param("y" * 200_000 + ",1", "field larger than field limit (131072)", id="long"),
        ('"x\ny",1,2', "2 cells are expected, found 3"),
    ],
)
def test_a_wrong_row_takes_no_other_down(row: str, problem: str) -> None:
    first, wrong, last = jobs(f"A,B\nx,1\n{row}\nz,3\n")
    assert (first.id, last.id) == ("job:x", "job:z")
    assert wrong == Case("dir.jsonl/jobs.csv:3", (), wrong=f"dir.jsonl/jobs.csv:3: {problem}")


def test_a_quote_that_nobody_closes_is_said_with_all_that_is_in_it() -> None:
    first, wrong = jobs('A,B\nx,1\ny,"2\nz,3\nz,4')
    assert first.id == "job:x"
    assert wrong.wrong == "dir.jsonl/jobs.csv:3: unexpected end of data, in one row with all up to line 5"


@pytest.mark.parametrize("cells", ["x\0,y", "x,\udcff", "\udcff,y"])
def test_words_and_input_are_text_without_nul(cells: str) -> None:
    (good, wrong) = jobs(f"args,stdin\nx,y\n{cells}\n", "job")
    assert (good.id, bool(wrong.wrong)) == ("job", True)
