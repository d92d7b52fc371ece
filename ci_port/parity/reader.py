"""Reads a report, and refuses one that is not what it seems: foreign, of another version, edited, or contradictory."""

from __future__ import annotations

import datetime
import enum
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_port.model import Asked, DataError, Document, Fields, Observation, Place, Plan, Step, Unanswered
from ci_port.model.case import case_from_json
from ci_port.model.fingerprint import of_data
from ci_port.model.plan import step_from_json
from ci_port.model.reading import read_text
from ci_port.parity.compare import Difference, Failure, Result, Shape, Verdict
from ci_port.parity.edits import Edit, Kind
from ci_port.parity.report import FORMAT, VERSION, Entry, Finding, Report, Run, Space, Subject, Subjects, seal
from ci_port.parity.sweep import Group
from ci_port.parity.waivers import Use, read_waiver
from ci_port.parity.wording import change


class Fault(enum.Enum):
    """Why a report is refused."""

    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    OTHER_VERSION = "other version"
    EDITED = "edited"
    CONTRADICTORY = "contradictory"


class BadReport(DataError):
    """A file that is no report to rely on; `fault` says of which kind."""

    def __init__(self, fault: Fault, source: str, problem: str, line: int = 1, field: str = "") -> None:
        super().__init__(source, line, field, problem)
        self.fault = fault


def load_report(path: Path) -> Report:
    """Return the report of a file; raises BadReport."""
    try:
        text = read_text(path)
    except DataError as error:
        raise BadReport(Fault.UNREADABLE, error.source, error.problem) from None
    return read_report(text, str(path))


def read_report(text: str, source: str) -> Report:
    """Return the report of a text; raises BadReport."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadReport(Fault.UNREADABLE, source, f"not JSON, or cut off: {error}") from None
    _check_kind(raw, source)
    try:
        report = _report(Document(text, source).fields(raw, ()))
    except BadReport:
        raise
    except DataError as error:
        raise BadReport(Fault.CONTRADICTORY, source, error.problem, error.line, error.field) from None
    except ValueError as error:
        raise BadReport(Fault.CONTRADICTORY, source, str(error)) from None
    _check_whole(report, raw, source)
    return report


def _check_kind(raw: object, source: str) -> None:
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BadReport(Fault.FOREIGN, source, f"this is no report; one says format {FORMAT!r}", field="format")
    if raw.get("version") != VERSION:
        problem = f"a report of version {VERSION} is expected, found {raw.get('version')!r}; make a new one"
        raise BadReport(Fault.OTHER_VERSION, source, problem, field="version")
    if raw.get("seal") != seal(raw):
        problem = "the seal does not fit: the report was changed after it was made; make a new one"
        raise BadReport(Fault.EDITED, source, problem, field="seal")


def _check_whole(report: Report, raw: Mapping[str, Any], source: str) -> None:
    """Raise BadReport where the report's parts say different things: then somebody, or some bug, made it up."""
    for field, problem in _contradictions(report, raw):
        raise BadReport(Fault.CONTRADICTORY, source, problem, field=field)


def _contradictions(report: Report, raw: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    summary = report.summary
    if raw.get("counts") != {verdict.value: summary.counts[verdict] for verdict in Verdict}:
        yield "counts", "the counts are not those of the results"
    if (raw.get("total"), raw.get("failed"), raw.get("good")) != (summary.total, summary.failed, report.good):
        yield "total", "the totals are not those of the results"
    sizes = Counter(entry.space for entry in report.entries)
    if {space.name: space.cases for space in report.spaces} != dict(sizes):
        yield "spaces", "the spaces do not have the cases that they claim"
    ids = [result.case.id for result in report.results]
    if len(set(ids)) != len(ids):
        yield "results", "two results have one id"
    for entry in report.entries:
        yield from _entry_contradictions(report.runs, entry)


def _entry_contradictions(runs: Sequence[Run], entry: Entry) -> Iterable[tuple[str, str]]:
    result = entry.result
    if entry.runs is None:
        if result.verdict in (Verdict.SAME, Verdict.DIFFERENT):
            yield "results", f"{result.case.id} is called {result.verdict.value} and has no runs"
        return
    equal = runs[entry.runs[0]].plan == runs[entry.runs[1]].plan
    if equal and result.verdict is Verdict.DIFFERENT:
        yield "results", f"{result.case.id} is called different and its plans are equal"
    if not equal and result.verdict is Verdict.SAME:
        yield "results", f"{result.case.id} is called the same and its plans differ"


def _report(fields: Fields) -> Report:
    runs = _runs(fields)
    entries = tuple(_entry(entry, runs) for entry in fields.objects("results"))
    results = {entry.result.case.id: entry.result for entry in entries}
    return Report(
        made=_moment(fields, "made"),
        version=fields.text("tool_version"),
        subjects=_subjects(fields.object("subjects")),
        axes=tuple(fields.texts("axes")),
        spaces=tuple(
            Space(space.text("name"), space.text("fingerprint"), space.integer("cases"))
            for space in fields.objects("spaces")
        ),
        entries=entries,
        runs=runs,
        findings=tuple(_finding(finding, results) for finding in fields.objects("findings")),
        waivers=tuple(_use(use) for use in fields.objects("waivers")),
        coverage=fields.raw("coverage"),
        durations=fields.raw("durations") or {},
        notes=tuple(fields.texts("notes")),
    )


def _moment(fields: Fields, name: str) -> str:
    text = fields.text(name)
    try:
        datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise fields.error(name, f"a moment as YYYY-MM-DDTHH:MM:SSZ is expected, found {text!r}") from None
    return text


def _subjects(fields: Fields) -> Subjects:
    script, port, world, tool = (
        Subject(one.text("name"), one.text("fingerprint"))
        for one in (fields.object(name) for name in ("script", "port", "world", "tool"))
    )
    return Subjects(script, port, world, tool)


def _runs(fields: Fields) -> tuple[Run, ...]:
    steps = [step_from_json(step) for step in fields.objects("steps")]
    places = [_place(place) for place in fields.objects("places")]
    return tuple(_run(run, steps, places) for run in fields.objects("runs"))


def _run(fields: Fields, steps: Sequence[Step], places: Sequence[Place]) -> Run:
    try:
        plan = Plan(tuple(steps[number] for number in fields.integers("steps")), fields.integer("status"))
        where = tuple(places[number] for number in fields.integers("places"))
    except IndexError:
        raise fields.error("steps", "there is no step, or place, with this number") from None
    fingerprint = fields.text("plan")
    if fingerprint != of_data(plan.to_json()):
        raise fields.error("plan", "the fingerprint is not that of the plan")
    return Run(plan, fingerprint, where)


def _entry(fields: Fields, runs: Sequence[Run]) -> Entry:
    numbers = fields.integers("runs") if fields.has("runs") else None
    if numbers is not None and (len(numbers) != 2 or not all(0 <= number < len(runs) for number in numbers)):
        raise fields.error("runs", "the numbers of two runs are expected")
    both = (numbers[0], numbers[1]) if numbers else None
    verdict = fields.text("verdict")
    if verdict not in {known.value for known in Verdict}:
        raise fields.error("verdict", f"{verdict!r} is no verdict")
    result = Result(
        case=case_from_json(fields.object("case")),
        verdict=Verdict(verdict),
        difference=_difference(fields.object("difference")) if fields.has("difference") else None,
        branch=fields.text("branch", ""),
        failures=tuple(_failure(failure) for failure in fields.objects("failures", [])),
        unanswered=tuple(_probe(probe) for probe in fields.objects("unanswered", [])),
        observations=(_observation(runs[both[0]]), _observation(runs[both[1]])) if both else None,
    )
    if fields.text("id") != result.case.id:
        raise fields.error("id", "the id is not that of the case")
    if result.verdict is Verdict.DIFFERENT and result.difference is None:
        raise fields.error("verdict", "a case is called different and no difference is given")
    return Entry(result, fields.text("space"), both)


def _observation(run: Run) -> Observation:
    return Observation(run.plan, run.places)


def _difference(fields: Fields) -> Difference:
    script, port = fields.object("script"), fields.object("port")
    return Difference(
        index=fields.integer("index"),
        shape=Shape(fields.text("shape")),
        control=step_from_json(script.object("step")) if script.has("step") else None,
        candidate=step_from_json(port.object("step")) if port.has("step") else None,
        control_place=_place_or_none(script, "place"),
        candidate_place=_place_or_none(port, "place"),
        control_status=script.integer("status"),
        candidate_status=port.integer("status"),
    )


def _failure(fields: Fields) -> Failure:
    return Failure(fields.text("side"), fields.text("problem"), _place_or_none(fields, "place"), fields.text("command"))


def _probe(fields: Fields) -> Unanswered:
    what = fields.text("what")
    if what not in {known.value for known in Asked}:
        raise fields.error("what", f"{what!r} is nothing that can be asked")
    return Unanswered(Asked(what), tuple(fields.texts("subject")), _place(fields.object("place")))


def _place(fields: Fields) -> Place:
    return Place(fields.text("file"), fields.integer("line"), tuple(fields.texts("functions")))


def _place_or_none(fields: Fields, name: str) -> Place | None:
    return _place(fields.object(name)) if fields.has(name) else None


def _finding(fields: Fields, results: Mapping[str, Result]) -> Finding:
    ids = fields.texts("cases")
    members = tuple(results[id] for id in ids if id in results)
    if not ids or len(members) != len(ids) or any(member.difference is None for member in members):
        raise fields.error("cases", "a finding names cases that the report does not have, or that do not differ")
    first = members[0].difference
    assert first is not None
    return Finding(
        group=Group(_place_or_none(fields, "script"), _place_or_none(fields, "port"), change(first), members),
        minimal=case_from_json(fields.object("minimal")),
        edits=tuple(_edit(edit) for edit in fields.objects("edits")),
        deep=fields.raw("deep"),
    )


def _edit(fields: Fields) -> Edit:
    return Edit(
        Kind(fields.text("kind")), fields.text("command"), tuple(fields.texts("removed")), tuple(fields.texts("added"))
    )


def _use(fields: Fields) -> Use:
    return Use(
        read_waiver(fields.object("waiver")),
        tuple(fields.texts("cases")),
        fields.text("problem").startswith("expired"),
    )


__all__ = ["BadReport", "Fault", "load_report", "read_report"]
