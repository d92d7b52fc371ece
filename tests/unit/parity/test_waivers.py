"""Waivers: data, exact, with an end; one that excuses nothing or has expired fails the run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ci_port.model import DataError, Place
from ci_port.parity.report import Report
from ci_port.parity.waivers import Use, Waiver, apply, read_waivers
from tests.unit.parity import sample

TODAY = datetime.date(2026, 11, 20)
TEXT = """
version = 1

[[waiver]]
branch = "run_suite"
condition = [{ variable = "BUILD", value = "cuda" }, { variable = "CONFIG", is = "contains", value = "ni" }]
change = ["removed `--verbose` from `run …`"]
reason = "the port is quiet on purpose"
owner = "somebody"
expires = "2026-11-20"
"""


def waiver(**changes: object) -> Waiver:
    (one,) = read_waivers(TEXT, "w.toml")
    return replace(one, **changes)  # type: ignore[arg-type]


def branch_of(place: Place | None) -> str:
    return place.functions[0] if place else ""


def used(waivers: Sequence[Waiver], report: Report, today: datetime.date = TODAY) -> tuple[Use, ...]:
    return apply(waivers, report.results, branch_of, lambda result: {k: v or "" for k, v in result.case.env}, today)


CASES = (sample.job("unit"), sample.job("unit", "cuda"), sample.job("lint", "cuda"))


def test_what_it_says_is_excused_and_nothing_else() -> None:
    report = sample.make(CASES)
    uses = used([waiver()], report)
    assert uses[0].cases == ("cuda/unit",)
    assert uses[0].problem == ""
    excused = replace(report, waivers=uses)
    assert excused.excused == {"cuda/unit"}
    assert not excused.good, "cuda/lint has the same change, and the condition leaves it out"


def test_a_report_is_good_when_every_difference_is_excused() -> None:
    report = sample.make(CASES[:2])
    assert not report.good
    assert replace(report, waivers=used([waiver()], report)).good


@pytest.mark.parametrize(
    "change",
    [
        {"branch": "main"},
        {"branch": "*"},
        {"change": ("removed `--verbose` from `run …`", "removed the command `finish`")},
        {"change": ("removed `*` from `run …`",)},
        {"change": ()},
    ],
    ids=str,
)
def test_one_that_is_not_exact_matches_nothing_and_fails_the_run(change: dict[str, object]) -> None:
    report = sample.make(CASES[:2])
    uses = used([waiver(**change)], report)
    assert uses[0].stale
    assert uses[0].problem == "matches no difference any more; remove it"
    assert not replace(report, waivers=uses).good


def test_a_stale_one_fails_a_run_in_which_all_is_the_same() -> None:
    report = sample.make()
    assert report.good
    assert not replace(report, waivers=used([waiver()], report)).good


def test_one_past_its_day_excuses_nothing() -> None:
    report = sample.make(CASES[:2])
    (use,) = used([waiver()], report, TODAY + datetime.timedelta(days=1))
    assert use.cases == ()
    assert use.problem.startswith("expired on 2026-11-20")


def test_the_first_of_two_that_say_the_same_is_used_and_the_other_is_stale() -> None:
    uses = used([waiver(), waiver()], sample.make(CASES))
    assert [len(use.cases) for use in uses] == [1, 0]


def test_a_waiver_is_written_as_it_was_read() -> None:
    assert waiver().to_json()["condition"] == [
        {"variable": "BUILD", "is": "equals", "value": "cuda"},
        {"variable": "CONFIG", "is": "contains", "value": "ni"},
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version = 1", "version = 2", "w.toml:2: field version: version 1 is expected"),
        ('"2026-11-20"', '"soon"', "w.toml:10: field waiver[0].expires: a day as YYYY-MM-DD is expected"),
        ('reason = "the port is quiet on purpose"', "", "field reason is missing"),
        ('owner = "somebody"', 'owner = " "', "w.toml:9: field waiver[0].owner: this must be said"),
        ('is = "contains"', 'is = "matches"', "there are no wildcards"),
        ('value = "ni"', 'value = ""', "there are no wildcards"),
        ('["removed `--verbose` from `run …`"]', "[]", "the exact change is missing"),
        ('owner = "somebody"', 'owner = "somebody"\nteam = "x"', "unknown field"),
        (TEXT.split("condition = ")[1].split("\n", maxsplit=1)[0], "[]", "a waiver says where it holds"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_its_line(old: str, new: str, problem: str) -> None:
    assert old in TEXT
    with pytest.raises(DataError) as refused:
        read_waivers(TEXT.replace(old, new), "w.toml")
    assert problem in str(refused.value)


def test_no_waiver_is_no_problem() -> None:
    assert read_waivers("version = 1\n", "w.toml") == ()
