"""Two sets of plans, before and after a change."""

from __future__ import annotations

import pytest

from ci_port.review.plandiff import PLANS, Outcome, PlanDiff, compare_sets
from tests.unit.review.plans import AFTER, BEFORE, plan


def test_a_job_of_one_set_only_is_not_compared() -> None:
    assert not compare_sets({"a": plan("x"), "b": plan("y")}, {"a": plan("x")}).moved


def test_json_has_everything() -> None:
    found = PlanDiff(4, {"script": compare_sets(BEFORE, AFTER)}, {"port": "why"}, ("a note",)).to_json()
    assert (found["total"], found["changed"], found["notes"]) == (4, 4, ["a note"])
    assert found["groups"][0]["jobs"] == {"script": ["job0", "job1", "job2"]}
    assert found["groups"][0]["added"] == ["--up"]
    assert found["sides"]["script"]["changed"] == ["job0", "job1", "job2", "job3"]


def test_edits_are_grouped_the_most_frequent_first() -> None:
    found = compare_sets(BEFORE, AFTER)
    assert [(str(edit), jobs) for edit, jobs in found.edits.items()] == [
        ("added `--up` to `run …`", ("job0", "job1", "job2")),
        ("added the command `more`", ("job3",)),
    ]
    assert found.changed == ("job0", "job1", "job2", "job3")


def test_jobs_without_a_plan_stand_apart_by_their_reason() -> None:
    before: dict[str, Outcome] = {"a": plan("x"), "b": "no such file", "c": "too long"}
    after: dict[str, Outcome] = {"a": "a device is opened", "b": plan("x"), "c": "too long"}
    found = compare_sets(before, after)
    assert (found.broken, found.mended) == ({"a device is opened": ("a",)}, {"no such file": ("b",)})
    assert found.failing == {"too long": ("c",)}
    assert not compare_sets({"c": "too long"}, {"c": "too long"}).moved


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        ({"script": (BEFORE, BEFORE), "port": (BEFORE, BEFORE)}, "No job's plan changes."),
        ({"script": (BEFORE, AFTER)}, "The plans of the script change."),
        ({PLANS: (BEFORE, AFTER)}, "The plans change."),
        ({"script": (BEFORE, AFTER), "port": (BEFORE, AFTER)}, "Script and port moved alike."),
    ],
)
def test_the_verdict_says_which_sides_moved(sides: dict[str, tuple[dict[str, Outcome], ...]], verdict: str) -> None:
    diff = PlanDiff(4, {name: compare_sets(*both) for name, both in sides.items()}, {})
    assert diff.verdict == verdict
