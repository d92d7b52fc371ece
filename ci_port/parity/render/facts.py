"""What all forms of a report say in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ci_port.bash.quoting import assignment, quoted
from ci_port.model import Case, Place
from ci_port.model.markdown import code
from ci_port.parity.compare import Result, Shape, Verdict
from ci_port.parity.report import Finding, Report
from ci_port.parity.wording import guess, sides

SHAPES = {
    Shape.CHANGED: "is not the same on both sides",
    Shape.LEFT_OUT: "is left out by the port",
    Shape.ADDED: "is only in the port",
    Shape.SWAPPED: "comes in another order in the port",
    Shape.STATUS: "is the last one, and then the exit statuses differ",
}


class Problem(NamedTuple):
    """Something that keeps a report from being good, with where to look on either side."""

    kind: str
    message: str
    script: Place | None
    port: Place | None
    cases: tuple[str, ...]


def problems(report: Report) -> Iterator[Problem]:
    """Yield everything that keeps the report from being good, each thing once."""
    for finding in report.findings:
        ids = tuple(result.case.id for result in finding.group.results if result.case.id not in report.excused)
        if ids:
            yield Problem(
                "different", headline(finding), finding.group.control_place, finding.group.candidate_place, ids
            )
    yield from _others(report)
    for use in report.waiver_problems:
        yield Problem(
            "waiver", f"the waiver of {use.waiver.owner} for {use.waiver.branch} {use.problem}", None, None, ()
        )


def _others(report: Report) -> Iterator[Problem]:
    """Yield what is not ported or not to be trusted, grouped by its reason."""
    reasons: dict[tuple[str, str, Place | None], list[str]] = {}
    for result in report.results:
        for reason in _reasons(result):
            reasons.setdefault(reason, []).append(result.case.id)
    for (kind, message, place), ids in reasons.items():
        port = place if kind == "failed port" else None
        yield Problem(
            kind.partition(" ")[0] if kind != "not ported" else kind, message, None if port else place, port, tuple(ids)
        )


def _reasons(result: Result) -> Iterator[tuple[str, str, Place | None]]:
    if result.verdict is Verdict.NOT_PORTED:
        yield "not ported", f"the port has no function yet for {result.branch}", None
    for failure in result.failures:
        command = f" (command: {failure.command})" if failure.command else ""
        yield (
            f"failed {failure.side}",
            f"the {failure.side} could not be run: {failure.problem}{command}",
            failure.place,
        )
    for probe in result.unanswered:
        yield "unanswered", guess(probe), probe.place


def headline(finding: Finding) -> str:
    """Return one sentence: which step differs and how."""
    found = finding.example.difference
    assert found is not None, "a finding is made of a difference"
    left, right = sides(found)
    words = " ".join(left.words or right.words)
    more = "; ".join(str(edit) for edit in finding.edits[:3])
    rest = f"; and {len(finding.edits) - 3} more" if len(finding.edits) > 3 else ""
    return f"step {found.index + 1} {code(words)} {SHAPES[found.shape]}: {more}{rest}"


def variables(case: Case) -> str:
    """Return what a case changes in the environment, as one would write it before a command."""
    words = (assignment(name, value) for name, value in case.env if value is not None)
    unset = [f"-u {name}" for name, value in case.env if value is None]
    line = " ".join(([f"env {' '.join(unset)}"] if unset else []) + list(words))
    line += f" with arguments {' '.join(map(quoted, case.args))}" if case.args else ""
    line += f" with standard input {quoted(case.stdin)}" if case.stdin is not None else ""
    line += " (in a world of its own)" if case.world is not None else ""
    return line.lstrip() or "(the world's own environment)"


def place_text(place: Place | None) -> str:
    """Return `file:line in function`."""
    return str(place) if place else "place unknown"


def counts_line(report: Report) -> str:
    """Return the counts in one line."""
    summary = report.summary
    counts = ", ".join(f"{summary.counts[verdict]:,} {verdict.value}" for verdict in Verdict)
    excused = f" ({len(report.excused):,} of them wanted, by waivers)" if report.excused else ""
    return f"{summary.total:,} cases: {counts}{excused}"
