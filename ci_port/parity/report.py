"""What a sweep found, as one value that is written and read: the report (docs/reports.md, data/report.schema.json).

A report says what was compared (fingerprints), over which spaces, with which outcome, and holds both runs of every
case, so that whoever reads it needs neither of the two programs. Its seal shows a report that was edited by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ci_port.model import Case, Observation, Place, Plan, Step
from ci_port.model.case import case_to_json
from ci_port.model.fingerprint import of_data
from ci_port.parity.compare import Result, Verdict
from ci_port.parity.edits import Edit
from ci_port.parity.sweep import Group, Summary, summarise
from ci_port.parity.waivers import Use

FORMAT = "ci-port parity"
VERSION = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the things that were compared, or compared with: its name (a path, a module), and its fingerprint."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Subjects:
    """All that a result depends on. Another fingerprint of any of them makes a report stale."""

    script: Subject
    port: Subject
    world: Subject
    tool: Subject

    def items(self) -> tuple[tuple[str, Subject], ...]:
        """Return the four with their names."""
        return (("script", self.script), ("port", self.port), ("world", self.world), ("tool", self.tool))


@dataclass(frozen=True, slots=True)
class Space:
    """A set of cases that was swept whole."""

    name: str
    fingerprint: str
    cases: int


def space_of(name: str, cases: Sequence[Case]) -> Space:
    """Return the space that these cases are, whatever they are called."""
    bare = [{**case_to_json(case), "id": ""} for case in cases]
    return Space(name, of_data(bare), len(cases))


@dataclass(frozen=True, slots=True)
class Run:
    """One side of one or more cases: its plan, the plan's fingerprint, and the place of each step."""

    plan: Plan
    fingerprint: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A case: its result, its space, and the number of the run of either side (None where there is none)."""

    result: Result
    space: str
    runs: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One change at one pair of places, with the cases that show it.

    `minimal` is the smallest case that still shows it, `edits` and `deep` the whole difference of the first case.
    """

    group: Group
    minimal: Case
    edits: tuple[Edit, ...]
    deep: Mapping[str, Any] | None = None

    @property
    def example(self) -> Result:
        """Return the first case that shows it."""
        return self.group.results[0]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one sweep showed."""

    made: str
    version: str
    subjects: Subjects
    axes: tuple[str, ...]
    spaces: tuple[Space, ...]
    entries: tuple[Entry, ...]
    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]
    waivers: tuple[Use, ...] = ()
    coverage: Mapping[str, Any] | None = None
    durations: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        """Return the result of every case, in order."""
        return tuple(entry.result for entry in self.entries)

    @property
    def summary(self) -> Summary:
        """Return the counts."""
        return summarise(self.results)

    @property
    def excused(self) -> frozenset[str]:
        """Return the ids of the cases whose difference a waiver excuses."""
        return frozenset(case for use in self.waivers for case in use.cases)

    @property
    def waiver_problems(self) -> tuple[Use, ...]:
        """Return the waivers that fail the run: stale, or expired."""
        return tuple(use for use in self.waivers if use.problem)

    @property
    def good(self) -> bool:
        """Whether every case is the same or excused, and every waiver is in order."""
        off = [result for result in self.results if result.verdict is not Verdict.SAME]
        return not self.waiver_problems and all(result.case.id in self.excused for result in off)

    def labels(self, result: Result) -> tuple[str, ...]:
        """Return the values of the axes in a case, by which people know a job."""
        env = dict(result.case.env)
        return tuple(env.get(axis) or "" for axis in self.axes)


class Collector:
    """Takes results as they come and keeps what a report needs of them, each distinct run once."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.runs: list[Run] = []
        self._numbers: dict[tuple[Plan, tuple[Place, ...]], int] = {}
        self._fingerprints: dict[Plan, str] = {}
        self._lines: dict[str, set[int]] = {}

    def add(self, space: str, result: Result) -> Result:
        """Take the result of a case, and return it with observations that share their memory with equal ones."""
        if result.observations is None:
            self.entries.append(Entry(result, space, None))
            return result
        control, candidate = result.observations
        for file, lines in control.lines.items():
            self._lines.setdefault(file, set()).update(lines)
        numbers = (self._number(control), self._number(candidate))
        self.entries.append(Entry(result, space, numbers))
        return result

    def _number(self, observation: Observation) -> int:
        key = (observation.plan, observation.places)
        if key not in self._numbers:
            self._numbers[key] = len(self.runs)
            print_ = self._fingerprints.get(observation.plan) or of_data(observation.plan.to_json())
            self._fingerprints[observation.plan] = print_
            self.runs.append(Run(observation.plan, print_, observation.places))
        return self._numbers[key]

    def lines(self) -> dict[str, list[int]]:
        """Return the lines of the script that ran in at least one case, per file."""
        return {file: sorted(lines) for file, lines in sorted(self._lines.items())}


def to_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object, sealed."""
    summary, tables = report.summary, _Tables()
    value: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made": report.made,
        "tool_version": report.version,
        "subjects": {
            name: {"name": subject.name, "fingerprint": subject.fingerprint}
            for name, subject in report.subjects.items()
        },
        "axes": list(report.axes),
        "spaces": [{"name": s.name, "fingerprint": s.fingerprint, "cases": s.cases} for s in report.spaces],
        "total": summary.total,
        "counts": {verdict.value: summary.counts[verdict] for verdict in Verdict},
        "failed": summary.failed,
        "excused": len(report.excused),
        "good": report.good,
        "results": [_entry(entry) for entry in report.entries],
        "findings": [_finding(finding) for finding in report.findings],
        "waivers": [_use(use) for use in report.waivers],
        "unanswered": _unanswered(report.results),
        "coverage": report.coverage,
        "durations": {name: round(seconds, 3) for name, seconds in report.durations.items()},
        "notes": list(report.notes),
        "runs": [tables.run(run) for run in report.runs],
        "steps": tables.steps,
        "places": tables.places,
    }
    value["seal"] = seal(value)
    return value


def seal(value: Mapping[str, Any]) -> str:
    """Return the seal of a report: a fingerprint of all of it but the seal. It shows edits; it proves no author."""
    return of_data({name: part for name, part in value.items() if name != "seal"})


class _Tables:
    """Steps and places that many runs share, each once."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.places: list[dict[str, Any]] = []
        self._steps: dict[Step, int] = {}
        self._places: dict[Place, int] = {}

    def run(self, run: Run) -> dict[str, Any]:
        return {
            "plan": run.fingerprint,
            "status": run.plan.status,
            "steps": [self._step(step) for step in run.plan.steps],
            "places": [self._place(place) for place in run.places],
        }

    def _step(self, step: Step) -> int:
        if step not in self._steps:
            self._steps[step] = len(self.steps)
            self.steps.append(step.to_json())
        return self._steps[step]

    def _place(self, place: Place) -> int:
        if place not in self._places:
            self._places[place] = len(self.places)
            self.places.append(place_json(place) or {})
        return self._places[place]


def _entry(entry: Entry) -> dict[str, Any]:
    result = entry.result
    value: dict[str, Any] = {
        "id": result.case.id,
        "verdict": result.verdict.value,
        "space": entry.space,
        "case": case_to_json(result.case),
        "runs": list(entry.runs) if entry.runs else None,
    }
    if result.difference is not None:
        found = result.difference
        value["difference"] = {
            "index": found.index,
            "shape": found.shape.value,
            "differing": list(found.differing),
            "script": _end(found.control, found.control_place, found.control_status),
            "port": _end(found.candidate, found.candidate_place, found.candidate_status),
        }
    if result.branch:
        value["branch"] = result.branch
    if result.failures:
        value["failures"] = [
            {"side": one.side, "problem": one.problem, "place": place_json(one.place), "command": one.command}
            for one in result.failures
        ]
    if result.unanswered:
        value["unanswered"] = [
            {"what": probe.what.value, "subject": list(probe.subject), "place": place_json(probe.place)}
            for probe in result.unanswered
        ]
    return value


def _end(step: Step | None, place: Place | None, status: int) -> dict[str, Any]:
    return {"step": step.to_json() if step else None, "place": place_json(place), "status": status}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cases": [result.case.id for result in finding.group.results],
        "script": place_json(finding.group.control_place),
        "port": place_json(finding.group.candidate_place),
        "minimal": case_to_json(finding.minimal),
        "edits": [{**edit.to_json(), "text": str(edit)} for edit in finding.edits],
        "deep": finding.deep,
    }


def _use(use: Use) -> dict[str, Any]:
    return {"waiver": use.waiver.to_json(), "cases": list(use.cases), "problem": use.problem}


def _unanswered(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return what plans rest on and nothing settles, with what settles it and how many cases rest on it."""
    probes = Counter(probe for result in results for probe in result.unanswered)
    return [
        {
            "what": probe.what.value,
            "subject": list(probe.subject),
            "place": place_json(probe.place),
            "paste": probe.paste,
            "cases": count,
        }
        for probe, count in probes.items()
    ]


def place_json(place: Place | None) -> dict[str, Any] | None:
    """Return a place as a JSON object."""
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "functions": list(place.functions)}
