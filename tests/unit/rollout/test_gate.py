"""The gate: open when everything holds, closed by each thing that does not, which it names."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ci_port.model import Case
from ci_port.model.plan import dumps
from ci_port.parity import Report, Space, Subject, space_of, to_json
from ci_port.parity.reader import BadReport, read_report
from ci_port.parity.report import seal
from ci_port.parity.waivers import Term, Use, Waiver
from ci_port.rollout.gate import Present, Requirement, is_open, requirements
from ci_port.rollout.phases import Rollout, read_rollout
from ci_port.rollout.records import Evidence, job_variables
from tests.unit.parity import sample

ROLLOUT = """
version = 1
current = "0"

[[phase]]
id = "0"
name = "off"

[[phase]]
id = "1"
name = "limited"
jobs = [{ CONFIG = "unit" }]
[phase.gate]
report_days = 7
spaces = ["worlds"]
window_days = 10
shadow_runs = 3
max_mismatch_percent = 0

[[phase]]
id = "2"
name = "wide"
jobs = [{ CONFIG = "lint" }]
[phase.gate]
report_days = 7
window_days = 10
live_runs = 4
max_fallback_percent = 25
max_mismatch_percent = 10
"""
NOW = datetime.datetime(2026, 11, 22, 12, 0, 0, tzinfo=datetime.timezone.utc)
WORLDS = (sample.job("unit", "other", "w1"), sample.job("lint", "other", "w2"))
ROWS: Rollout = read_rollout(ROLLOUT, "rollout.toml")


def run(number: int, **changes: Any) -> Evidence:
    plain = Evidence(
        digest=str(number), id=str(number), time=f"2026-11-{15 + number % 7:02}T00:00:00Z", job="linux/unit",
        side="shadow",
        fallback=False, cause="", phase="1", status=0, shadow="same", script="", port="", text="{}",
    )  # fmt: skip
    return replace(plain, **changes)


ENOUGH = tuple(run(number) for number in range(3))
PRESENT = Present(
    subjects=sample.SUBJECTS,
    jobs=sample.GOOD,
    spaces={"worlds": space_of("worlds", WORLDS)},
    now=NOW,
    variables=lambda job: job_variables("{BUILD}/{CONFIG}", job),
)


def reread(report: Report) -> Report | BadReport:
    """Return the report as the gate gets it: written and read."""
    return changed(report, lambda _: None, sealed=False)


def changed(report: Report, edit: Callable[[dict[str, Any]], object], *, sealed: bool) -> Report | BadReport:
    raw = json.loads(dumps(to_json(report)))
    edit(raw)
    if sealed:
        raw["seal"] = seal(raw)
    try:
        return read_report(json.dumps(raw), "report.json")
    except BadReport as error:
        return error


def reports() -> list[Report | BadReport]:
    return [reread(sample.make()), reread(sample.make(WORLDS, name="worlds"))]


def closed_by(found: Sequence[Requirement]) -> list[str]:
    return [one.name for one in found if not one.holds]


def asked(
    given: Sequence[Report | BadReport],
    evidence: Sequence[Evidence] = ENOUGH,
    phase: str = "1",
    present: Present = PRESENT,
) -> list[Requirement]:
    return requirements(ROWS, ROWS.find(phase), given, evidence, present)


def test_the_gate_is_open_when_everything_holds() -> None:
    found = asked(reports())
    assert closed_by(found) == []
    assert is_open(found)
    shadow = next(one for one in found if one.name == "shadow runs")
    assert (shadow.found, shadow.asked) == ("3", "at least 3 in 10 days")


def test_a_phase_without_a_gate_is_open() -> None:
    assert is_open(asked([], (), "0"))


def test_two_spaces_in_one_report_do_as_well() -> None:
    one, two = sample.make(), sample.make(WORLDS, name="worlds")
    shift = len(one.runs)
    moved = tuple(
        replace(entry, runs=(entry.runs[0] + shift, entry.runs[1] + shift)) for entry in two.entries if entry.runs
    )
    whole = replace(one, entries=(*one.entries, *moved), runs=(*one.runs, *two.runs), spaces=(*one.spaces, *two.spaces))
    assert is_open(asked([reread(whole)]))


def other(name: str) -> Present:
    subjects = replace(PRESENT.subjects, **{name: Subject("moved", "9" * 64)})
    return replace(PRESENT, subjects=subjects)


def aged(**delta: float) -> Present:
    return replace(PRESENT, now=NOW + datetime.timedelta(**delta))


def more_jobs(*cases: Case) -> Present:
    return replace(PRESENT, jobs=(*PRESENT.jobs, *cases))


def spaces(worlds: Space | None) -> Present:
    return replace(PRESENT, spaces={"worlds": worlds})


Given = tuple[Sequence[Report | BadReport], Present, str]
JOBS, WORLDS_REPORT = sample.make(), sample.make(WORLDS, name="worlds")


def waived(**changes: Any) -> Report:
    plain = Waiver("arm", (Term("CONFIG", "equals", "unit"),), ("x",), "why", "who", datetime.date(2027, 1, 1))
    use = Use(replace(plain, **changes), ())
    return replace(JOBS, waivers=(use,))


CLOSED: dict[str, tuple[Callable[[], list[Report | BadReport]], Present, list[str]]] = {
    "no report": (list, PRESENT, ["report"]),
    "stale: the script moved": (reports, other("script"), ["script is the one compared"]),
    "stale: the port moved": (reports, other("port"), ["port is the one compared"]),
    "stale: the world moved": (reports, other("world"), ["world is the one compared"]),
    "stale: the tool moved": (reports, other("tool"), ["tool is the one compared"]),
    "stale: too old": (reports, aged(days=6), ["report is fresh", "report is fresh"]),
    "stale: from the future": (reports, aged(days=-3), ["report is fresh", "report is fresh"]),
    "stale: one of two reports": (
        lambda: [*reports()[:1], reread(replace(WORLDS_REPORT, made="2026-11-01T00:00:00Z"))],
        PRESENT,
        ["report is fresh"],
    ),
    "partial: a job is missing": (reports, more_jobs(sample.job("unit", "cuda")), ["jobs are all compared"]),
    "partial: a job has another environment now": (
        reports,
        replace(PRESENT, jobs=(Case("linux/unit", (("BUILD", "linux"), ("CONFIG", "unit"), ("SHARD", "2"))),)),
        ["jobs are all compared"],
    ),
    "partial: no job of the phase": (reports, replace(PRESENT, jobs=()), ["jobs are all compared"]),
    "partial: a space is missing": (lambda: reports()[:1], PRESENT, ["space worlds is all compared"]),
    "partial: a space has other cases now": (
        reports,
        spaces(space_of("worlds", WORLDS[:1])),
        ["space worlds is all compared"],
    ),
    "partial: a space's cases are gone": (reports, spaces(None), ["space worlds is all compared"]),
    "partial: only the first half of the file": (
        lambda: [_half(dumps(to_json(JOBS)))],
        PRESENT,
        ["report is readable"],
    ),
    "partial: an empty file": (lambda: [_half("")], PRESENT, ["report is readable"]),
    "edited: a verdict": (
        lambda: [changed(JOBS, lambda raw: raw["results"][0].update(verdict="different"), sealed=False)],
        PRESENT,
        ["report is unedited"],
    ),
    "edited: a fingerprint": (
        lambda: [changed(JOBS, lambda raw: raw["subjects"]["script"].update(fingerprint="9" * 64), sealed=False)],
        PRESENT,
        ["report is unedited"],
    ),
    "edited: the moment": (
        lambda: [changed(JOBS, lambda raw: raw.update(made="2026-11-22T00:00:00Z"), sealed=False)],
        PRESENT,
        ["report is unedited"],
    ),
    "edited: the seal is gone": (
        lambda: [changed(JOBS, lambda raw: raw.pop("seal"), sealed=False)],
        PRESENT,
        ["report is unedited"],
    ),
    "edited and sealed again: counts": (
        lambda: [changed(JOBS, lambda raw: raw["counts"].update(same=7), sealed=True)],
        PRESENT,
        ["report is consistent"],
    ),
    "edited and sealed again: plans": (
        lambda: [changed(JOBS, lambda raw: raw["steps"][0].update(argv=["x"]), sealed=True)],
        PRESENT,
        ["report is consistent"],
    ),
    "edited and sealed again: a result is gone": (
        lambda: [changed(JOBS, lambda raw: raw["results"].pop(), sealed=True)],
        PRESENT,
        ["report is consistent"],
    ),
    "older schema": (
        lambda: [changed(JOBS, lambda raw: raw.update(version=1), sealed=True)],
        PRESENT,
        ["report is of this version"],
    ),
    "newer schema": (
        lambda: [changed(JOBS, lambda raw: raw.update(version=4), sealed=True)],
        PRESENT,
        ["report is of this version"],
    ),
    "foreign": (lambda: [_half('{"format":"coverage"}')], PRESENT, ["report is ours"]),
    "one bad report among good ones": (
        lambda: [*reports(), _half("{}")],
        PRESENT,
        ["report is ours"],
    ),
    "different": (
        lambda: [reread(sample.make((*sample.GOOD, sample.job("unit", "cuda")))), reports()[1]],
        more_jobs(sample.job("unit", "cuda")),
        ["no case is different"],
    ),
    "not ported": (
        lambda: [*reports(), reread(sample.make((sample.job("new", "x"),), name="worlds"))],
        PRESENT,
        ["no case is not ported"],
    ),
    "untrusted": (
        lambda: [*reports(), reread(sample.make((sample.job("broken", "x"),), name="worlds"))],
        PRESENT,
        ["no case is untrusted"],
    ),
    "a stale waiver": (lambda: [reread(waived()), reports()[1]], PRESENT, ["waivers are in order"]),
    "a waiver that has expired since": (
        lambda: [reread(waived(expires=datetime.date(2026, 11, 21))), reports()[1]],
        PRESENT,
        ["waivers are in order"],
    ),
}


def _half(text: str) -> BadReport:
    with pytest.raises(BadReport) as refused:
        read_report(text[: len(text) // 2] if text.endswith("}") and len(text) > 100 else text, "report.json")
    return refused.value


@pytest.mark.parametrize("name", CLOSED)
def test_a_report_that_will_not_do_keeps_the_gate_closed_and_is_named(name: str) -> None:
    given, present, names = CLOSED[name]
    # Evidence is judged for itself; what ages the report shall not age the runs.
    evidence = tuple(replace(record, time=present.now.strftime("%Y-%m-%dT%H:%M:%SZ")) for record in ENOUGH)
    found = asked(given(), evidence, "1", present)
    assert not is_open(found)
    assert closed_by(found) == names


def test_there_are_enough_of_them() -> None:
    assert len(CLOSED) >= 20


@pytest.mark.parametrize(
    ("evidence", "phase", "names"),
    [
        ((), "1", ["shadow runs"]),
        (ENOUGH[:2], "1", ["shadow runs"]),
        ((*ENOUGH[:2], run(5, time="2026-11-01T00:00:00Z")), "1", ["shadow runs"]),
        ((*ENOUGH[:2], run(5, time="2027-01-01T00:00:00Z")), "1", ["shadow runs"]),
        ((*ENOUGH[:2], run(5, job="linux/lint")), "1", ["shadow runs"]),
        ((*ENOUGH[:2], run(5, job="something else")), "1", ["shadow runs"]),
        ((*ENOUGH[:2], run(5, shadow="timeout")), "1", ["shadow runs"]),
        ((*ENOUGH, run(5, shadow="different")), "1", ["mismatch rate"]),
        ((), "2", ["live runs"]),
        (tuple(run(n, side="port", shadow="") for n in range(4)), "2", []),
        (tuple(run(n, side="port", shadow="", job="linux/lint") for n in range(4)), "2", ["live runs"]),
        (
            tuple(run(n, side="script", shadow="", fallback=n == 0) for n in range(4)),
            "2",
            ["live runs", "fallback rate"],
        ),
        (tuple(run(n, side="port", shadow="", fallback=n < 1) for n in range(4)), "2", []),
        (tuple(run(n, side="port", shadow="", fallback=n < 2) for n in range(4)), "2", ["fallback rate"]),
    ],
)
def test_evidence_counts_if_it_is_recent_and_about_the_right_jobs(
    evidence: Sequence[Evidence], phase: str, names: list[str]
) -> None:
    assert closed_by(asked(reports(), evidence, phase)) == names
