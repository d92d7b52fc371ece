"""GitHub's workflow commands: an annotation on the script's line, and one on the Python function."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.model import Place
from ci_port.parity.render.facts import Problem, counts_line, place_text, problems
from ci_port.parity.report import Report

# GitHub shows ten errors of a step and drops the rest: what is said first is what is seen.
_MOST = 4


def github(report: Report) -> str:
    """Return the workflow commands, one a line."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    everything = list(problems(report))
    for problem in everything[:_MOST]:
        yield from _commands(problem)
    for problem in everything[_MOST:]:
        yield escaped_data(f"{problem.kind}: {problem.message}")
    level = "notice" if report.good else "error"
    yield f"::{level} title=parity::{escaped_data(counts_line(report))}"


def _commands(problem: Problem) -> Iterator[str]:
    count = f" ({len(problem.cases):,} cases, {problem.cases[0]} is one)" if problem.cases else ""
    places = [(problem.script, problem.port), (problem.port, problem.script)]
    said = False
    for place, twin in places:
        if place is not None:
            said = True
            beside = f" See also {place_text(twin)}." if twin else ""
            yield _command(place, problem.kind, f"{problem.message}{count}.{beside}")
    if not said:
        yield _command(None, problem.kind, f"{problem.message}{count}")


def _command(place: Place | None, kind: str, message: str) -> str:
    properties = [f"file={escaped_property(place.file)}", f"line={max(1, place.line)}"] if place else []
    properties.append("title=" + escaped_property(f"parity: {kind}"))
    return f"::error {','.join(properties)}::{escaped_data(message)}"


def escaped_data(text: str) -> str:
    """Return text that cannot end, or start, a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """Return text for a property of a workflow command."""
    return escaped_data(text).replace(":", "%3A").replace(",", "%2C")
