"""The inventory in its formats."""

from __future__ import annotations

import json

from ci_port.shell import listing, trace
from ci_port.shell.coverage import AtomCoverage, BranchCoverage, Coverage
from ci_port.shell.trace import Declared
from tests.unit.shell.scripts import read

TEXT = 'f() { if [[ $A == b|c ]]; then source "$X"; fi; }\ng() { :; }\n'.replace("b|c", "b")
INVENTORY = read(TEXT)
FILES = {"script.sh": INVENTORY}
ID = INVENTORY.branches[0].id
KEY = ("script.sh", ID)
PARTS = list(trace.parts_of(INVENTORY, lambda _: "script.sh"))
TABLE = trace.trace(PARTS, {KEY: Declared("m:f", INVENTORY.branches[0].fingerprint, "a | reason")}, ["m:f", "m:g"])
COVERAGE = Coverage(
    "jobs", 3, {KEY: BranchCoverage(0, 3, 0, [AtomCoverage("$A == b", False, True, False)])}, ["one: failed"]
)


def test_json_has_what_is_promised() -> None:
    found = json.loads(json.dumps(listing.to_json(FILES, TABLE, [COVERAGE])))
    assert found["functions"] == [{"name": "f", "line": 1, "end_line": 1}, {"name": "g", "line": 2, "end_line": 2}]
    assert found["branches"] == [
        {"id": ID, "kind": "if", "function": "f", "line": 1, "end_line": 1, "condition": "[[ $A == b ]]"}
    ]
    assert found["tests"][ID] == [{"test": '[[ "$A" == b ]]', "about": "variables", "variables": ["A"]}]
    assert found["sourced_files"] == []
    assert found["trace"]["answers_no_branch"] == ["m:g"]
    assert found["coverage"][0]["branches"][0]["tests"] == [
        {"test": "$A == b", "true": False, "false": True, "decides": False, "not_seen": False}
    ]
    assert found["coverage"][0]["branches"][0]["not_seen"] == 0


def test_text_shows_functions_branches_and_sources() -> None:
    text = "\n".join(listing.text_lines(FILES))
    assert "2 functions, 1 branches" in text
    assert "if [[ $A == b ]]" in text
    assert "functions without branches: g" in text
    assert "only a run can tell which file" in text


def test_the_table_of_twins() -> None:
    text = "\n".join(listing.trace_lines(TABLE))
    assert "ported       script.sh:1" in text
    assert "m:f (a | reason)" in text
    assert "1 ported, 0 stale, 2 missing, 0 unreachable" in text
    assert "functions that answer no branch (1): m:g" in text


def test_coverage_names_what_is_lacking() -> None:
    text = "\n".join(listing.coverage_lines(COVERAGE, FILES, {}))
    assert "0 of 1 branches taken" in text
    assert "script.sh:1: if [[ $A == b ]]: not taken" in text
    assert "$A == b: never true" in text
    assert "unreachable: why" in "\n".join(listing.coverage_lines(COVERAGE, FILES, {KEY: "why"}))


def test_what_was_not_seen_is_not_called_not_taken() -> None:
    branch = BranchCoverage(0, 1, 2, [AtomCoverage("$A == b", False, True, False, True)])
    coverage = Coverage("jobs", 3, {KEY: branch})
    text = "\n".join(listing.coverage_lines(coverage, FILES, {}))
    assert "0 of 1 branches taken\n  of 1 more it was not seen whether they were taken" in text
    assert "script.sh:1: if [[ $A == b ]]: not seen (in 2 runs it may have been taken)" in text
    assert "$A == b: not seen true" in text
    markdown = "\n".join(listing.markdown_lines(FILES, None, [coverage], {}))
    assert "**not seen (in 2 runs it may have been taken)**" in markdown
    assert "not taken" not in text + markdown


def test_markdown_keeps_its_table_whole() -> None:
    lines = list(listing.markdown_lines(FILES, TABLE, [COVERAGE], {KEY: "a | reason"}))
    table = [line for line in lines if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
