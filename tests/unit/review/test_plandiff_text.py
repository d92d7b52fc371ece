"""What a change does to the plans, for people."""

from __future__ import annotations

from ci_port.parity.render.style import Style
from ci_port.review.plandiff import Outcome, PlanDiff, compare_sets
from ci_port.review.plandiff_text import markdown, text_lines
from tests.unit.review.plans import AFTER, BEFORE, plan

PLAIN = Style(colour=False)


def test_identical_edits_are_one_group_the_largest_first() -> None:
    diff = PlanDiff(4, {"script": compare_sets(BEFORE, AFTER)}, {})
    assert list(text_lines(diff, PLAIN)) == [
        "= added `--up` to `run …` in 3 of 4 jobs".replace("= ", "~ "),
        "    job0, job1, job2",
        "~ added the command `more` in 1 of 4 jobs",
        "    job3",
        "4 of 4 jobs change (script 4). The plans of the script change.",
    ]


def test_nothing_changes() -> None:
    diff = PlanDiff(4, {"script": compare_sets(BEFORE, BEFORE), "port": compare_sets(BEFORE, BEFORE)}, {})
    assert not diff.moved
    assert list(text_lines(diff, PLAIN)) == ["No job's plan changes."]
    assert "No job's plan changes." in markdown(diff)


def test_it_is_said_when_only_one_side_moved() -> None:
    diff = PlanDiff(4, {"script": compare_sets(BEFORE, AFTER), "port": compare_sets(BEFORE, BEFORE)}, {})
    lines = list(text_lines(diff, PLAIN))
    assert lines[0] == "! added `--up` to `run …` in 3 of 4 jobs — only the script"
    assert lines[-1].endswith("Only the script moved: the port still does what it did, and parity will fail.")
    swapped = PlanDiff(4, {"script": compare_sets(BEFORE, BEFORE), "port": compare_sets(BEFORE, AFTER)}, {})
    assert "Only the port moved" in swapped.verdict


def test_both_sides_alike_or_not() -> None:
    alike = PlanDiff(4, {"script": compare_sets(BEFORE, AFTER), "port": compare_sets(BEFORE, AFTER)}, {})
    assert alike.verdict == "Script and port moved alike."
    assert all(line.startswith(("=", "    ")) for line in list(text_lines(alike, PLAIN))[:-1])
    other = {**AFTER, "job2": BEFORE["job2"]}
    parted = PlanDiff(4, {"script": compare_sets(BEFORE, AFTER), "port": compare_sets(BEFORE, other)}, {})
    assert "not alike" in parted.verdict
    assert "— the script in 3, the port in 2" in next(iter(text_lines(parted, PLAIN)))


def test_jobs_that_cannot_be_planned_are_said_with_the_reason() -> None:
    before: dict[str, Outcome] = {"a": plan("x"), "b": "no such file", "c": "too long"}
    after: dict[str, Outcome] = {"a": "a device is opened", "b": plan("x"), "c": "too long"}
    side = compare_sets(before, after)
    assert side.moved
    lines = list(text_lines(PlanDiff(3, {"script": side}, {"port": "BASE has no port"}), PLAIN))
    assert lines[:4] == [
        "script: 1 of 3 jobs can no longer be planned (a): a device is opened",
        "script: 1 of 3 jobs can be planned now, and could not before (b): no such file",
        "script: 1 of 3 jobs could not be planned before, and cannot now (c): too long",
        "port: not compared: BASE has no port",
    ]


def test_markdown_fits_into_a_comment() -> None:
    before: dict[str, Outcome] = {f"a-job-with-a-long-name-{n}": plan("run") for n in range(3000)}
    after: dict[str, Outcome] = {id: plan("run", f"command {id}") for id in before}
    text = markdown(PlanDiff(3000, {"script": compare_sets(before, after)}, {}))
    assert len(text) < 60_000
    assert "more changes" in text
