"""Plans of many jobs: what became of each, as a value and as JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_port.model import Case, DataError, Document, Fields, Observation, RunFailed
from ci_port.model.fields import all_of
from ci_port.model.plan import dumps, plan_from_json
from ci_port.model.reading import read_text
from ci_port.review.plandiff import Outcome

Lines = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of a job on one side; `lines` are those of the script that ran."""

    outcome: Outcome
    lines: Lines = field(default_factory=dict)


PlanSet = dict[str, Planned]


def outcomes(plans: PlanSet) -> dict[str, Outcome]:
    """Return the outcomes alone."""
    return {id: planned.outcome for id, planned in plans.items()}


def is_plan_set(path: Path) -> bool:
    """Return whether a path is called as files of plans are."""
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def read_plan_set(path: Path) -> tuple[PlanSet, list[DataError]]:
    """Return the plans of a file of JSON lines, as `ci-port plan --cases` prints them, and what is wrong with others.

    Raises DataError where none can be read.
    """
    plans: PlanSet = {}
    wrong: list[DataError] = []
    for number, line in enumerate(read_text(path, "surrogateescape").split("\n"), 1):
        if line.strip():
            try:
                id, plan = _read(Document(line, str(path), number).parse(), plans)
                plans[id] = plan
            except DataError as error:
                wrong.append(error)
    if not plans:
        raise all_of(wrong) if wrong else DataError(str(path), 1, "", "the file holds no plan")
    return plans, wrong


def _read(fields: Fields, known: PlanSet) -> tuple[str, Planned]:
    if (id := fields.text("id")) in known:
        raise fields.error("id", f"{id!r} stands twice")
    if fields.has("error"):
        return id, Planned(fields.text("error"))
    ran = {}
    if fields.has("lines"):
        lines = fields.object("lines")
        ran = {file: frozenset(lines.integers(file)) for file in lines.names()}
    return id, Planned(plan_from_json(fields.object("plan")), ran)


def read_said(text: str, source: str) -> PlanSet:
    """Return the plans that another process printed; raises DataError."""
    plans: PlanSet = {}
    for number, line in enumerate(text.splitlines(), 1):
        fields = Document(line, source, number).parse()
        id = fields.text("id")
        plans[id] = Planned(fields.text("error") if fields.has("error") else plan_from_json(fields.object("plan")))
    return plans


def asked(side: Callable[[Case], Observation], case: Case) -> Planned:
    """Return what becomes of a job on a side."""
    try:
        observation = side(case)
    except RunFailed as failed:
        # Not where: a line that shifts is no other reason.
        where = failed.place.functions[:1] if failed.place else ()
        return Planned(" ".join([failed.problem, *(f"in {name}" for name in where)]))
    return planned(observation)


def planned(observation: Observation) -> Planned:
    """Return what is kept of an observation."""
    return Planned(observation.plan, {Path(file).name: lines for file, lines in observation.lines.items()})


def to_line(id: str, planned: Planned) -> str:
    """Return a job's plan as the line that `read_plan_set` reads."""
    assert not isinstance(planned.outcome, str), "what failed is not stored"
    lines = {file: sorted(numbers) for file, numbers in planned.lines.items()}
    return dumps({"id": id, "plan": planned.outcome.to_json(), "lines": lines}) + "\n"
