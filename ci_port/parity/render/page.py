"""HTML: one page that needs nothing else. `data/report.html` is its frame; what it shows goes in as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from ci_port.model import Place, Step
from ci_port.model.plan import dumps
from ci_port.parity.compare import Result, Verdict
from ci_port.parity.edits import aligned_steps
from ci_port.parity.render.facts import Problem, headline, place_text, problems, variables
from ci_port.parity.render.plot import Series, plot
from ci_port.parity.report import Entry, Finding, Report
from ci_port.parity.wording import command_words, notes

FRAME = Path(__file__).resolve().parents[2] / "data" / "report.html"


def page(report: Report, series: Sequence[Series] = ()) -> str:
    """Return the report as a page; `series` are what runs have shown, which it plots."""
    frame = FRAME.read_text(encoding="utf-8")
    # In a script element only `</` and `<!--` mean anything: no `<` at all is safest.
    data = dumps(_data(report)).replace("<", "\\u003c")
    return frame.replace("<!--PLOTS-->", _plots(series)).replace("/*DATA*/", data)


def _plots(series: Sequence[Series]) -> str:
    if not series:
        return ""
    legend = (
        '<div class="legend"><span><i class="swatch" style="background:var(--ported)"></i>shadow runs</span>'
        '<span><i class="swatch" style="background:var(--wanted)"></i>live runs</span>'
        "<span>▲ mismatches and fallbacks</span></div>"
    )
    plots = "".join(f"<h3>Phase {escape(one.name)}</h3>{plot(one)}" for one in series)
    return f'<section class="card" id="evidence"><h2>Evidence</h2>{legend}{plots}</section>'


class _Tables:
    """Steps and places as the page shows them, each once."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.places: list[str] = []
        self._steps: dict[Step, int] = {}
        self._places: dict[Place, int] = {}

    def step(self, step: Step) -> int:
        if step not in self._steps:
            self._steps[step] = len(self.steps)
            self.steps.append({"words": command_words(step), "notes": notes(step)})
        return self._steps[step]

    def place(self, place: Place) -> int:
        if place not in self._places:
            self._places[place] = len(self.places)
            self.places.append(place_text(place))
        return self._places[place]


def _data(report: Report) -> dict[str, Any]:
    others = [problem for problem in problems(report) if problem.kind != "different"]
    return {**_about(report), **_results(report, others), **_runs(report)}


def _about(report: Report) -> dict[str, Any]:
    """Return what was compared, and how the whole came out."""
    return {
        "good": report.good,
        "made": report.made,
        "axes": report.axes,
        "subjects": {name: {"name": one.name, "fingerprint": one.fingerprint} for name, one in report.subjects.items()},
        "spaces": [{"name": space.name, "cases": space.cases} for space in report.spaces],
        "durations": report.durations,
        "coverage": _coverage(report),
        "waivers": [f"{use.waiver.branch}: {use.problem or use.waiver.reason}" for use in report.waivers],
        "notes": report.notes,
    }


def _results(report: Report, others: Sequence[Problem]) -> dict[str, Any]:
    """Return what became of each case, and what there is to read about those that are not the same."""
    why, pairs = _why(report, others), _Pairs(report)
    return {
        "cases": [_case(entry, report, why, pairs) for entry in report.entries],
        "findings": [_finding(finding, report) for finding in report.findings],
        "problems": [_problem(one) for one in others],
        "pairs": pairs.rows,
    }


def _why(report: Report, others: Sequence[Problem]) -> dict[str, list[str]]:
    """Return the sentences that belong to each case."""
    why: dict[str, list[str]] = {}
    for finding in report.findings:
        for result in finding.group.results:
            why.setdefault(result.case.id, []).append(headline(finding))
    for problem in others:
        for id in problem.cases:
            why.setdefault(id, []).append(problem.message)
    return why


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    ids = [result.case.id for result in finding.group.results]
    return {
        "cases": ids,
        "wanted": all(id in report.excused for id in ids),
        "script": place_text(finding.group.control_place),
        "port": place_text(finding.group.candidate_place),
        "edits": [str(edit) for edit in finding.edits],
        "minimal": variables(finding.minimal),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.script or problem.port
    return {
        "kind": problem.kind,
        "message": problem.message,
        "cases": problem.cases,
        "place": place_text(place) if place else "",
    }


def _runs(report: Report) -> dict[str, Any]:
    """Return every distinct run, and the tables of steps and places that its numbers stand for."""
    tables = _Tables()
    runs = [
        {
            "status": run.plan.status,
            "steps": [tables.step(step) for step in run.plan.steps],
            "places": [tables.place(place) for place in run.places],
        }
        for run in report.runs
    ]
    return {"runs": runs, "steps": tables.steps, "places": tables.places}


class _Pairs:
    """Which step stands beside which, for every pair of runs that are not equal."""

    def __init__(self, report: Report) -> None:
        self.rows: list[list[tuple[int | None, int | None]]] = []
        self._report = report
        self._numbers: dict[tuple[int, int], int] = {}

    def number(self, entry: Entry) -> int | None:
        if entry.runs is None:
            return None
        if entry.runs not in self._numbers:
            left, right = (self._report.runs[number].plan for number in entry.runs)
            if left == right:
                return None
            self._numbers[entry.runs] = len(self.rows)
            self.rows.append([(pair.left, pair.right) for pair in aligned_steps(left, right)])
        return self._numbers[entry.runs]


def _case(entry: Entry, report: Report, why: dict[str, list[str]], pairs: _Pairs) -> dict[str, Any]:
    result = entry.result
    return {
        "id": result.case.id,
        "space": entry.space,
        "labels": report.labels(result),
        "env": dict(result.case.env),
        "result": _shown(result, report),
        "runs": entry.runs,
        "pair": pairs.number(entry),
        "why": why.get(result.case.id, []),
    }


def _shown(result: Result, report: Report) -> str:
    excused = result.verdict is Verdict.DIFFERENT and result.case.id in report.excused
    return "wanted" if excused else result.verdict.value


def _coverage(report: Report) -> str:
    """Return in words what ran; the branches too, where they were counted."""
    found = report.coverage or {}
    lines = found.get("lines") or {}
    total = sum(len(numbers) for numbers in lines.values())
    text = f"{total:,} lines of {len(lines):,} files of the script ran" if lines else "not measured"
    branches = found.get("branches")
    return f"{text}; {branches['taken']:,} of {branches['total']:,} branches taken" if branches else text
