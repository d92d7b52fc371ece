"""A drift as a list of things to do, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.model.markdown import code
from ci_port.parity import Report
from ci_port.parity.render.facts import headline, place_text, problems, variables
from ci_port.review.drift import Drift, Moved, differing


def markdown_lines(drift: Drift) -> Iterator[str]:
    """Yield what to do, one line each."""
    yield f"# Drift of {code(drift.script)}\n"
    if not drift.any:
        yield "Nothing has moved: every part of the script is what its Python function was written from."
        return
    counts = (f"{len(found)} {what}" for what, found in _parts(drift))
    jobs = (
        ""
        if drift.report is None
        else f"; {len(differing(drift.report)):,} of {len(drift.report.results):,} jobs differ"
    )
    yield f"Parts of the script: {', '.join(counts)}{jobs}.\n"
    yield from _tasks(drift)
    if drift.report is not None:
        yield from _jobs(drift.report)
    yield "## Then\n"
    for task in _LAST:
        yield f"- [ ] {task}"


_LAST = (
    "`ci-port parity --report parity.json` holds",
    "`ci-port inventory --trace --update --accept ID ...` for every part whose function was looked at",
    "`ci-port lock`",
)


def _parts(drift: Drift) -> tuple[tuple[str, tuple[Moved, ...]], ...]:
    return (("added", drift.added), ("changed", drift.changed), ("removed", drift.removed))


def _tasks(drift: Drift) -> Iterator[str]:
    if drift.added:
        yield "## Added: write a function, or declare why nothing reaches it\n"
        yield from (f"- [ ] {_where(moved)}" for moved in drift.added)
        yield ""
    if drift.stale:
        yield "## Stale functions: look at each, against what it was written from\n"
        for twin, parts in drift.stale.items():
            yield f"- [ ] {code(twin)}"
            for moved in parts:
                yield f"  - {'changed' if moved.part else 'removed'}: {_where(moved)}"
        yield ""
    orphans = [moved for moved in (*drift.changed, *drift.removed) if not moved.twin]
    if orphans:
        yield "## Changed or removed, without a function\n"
        yield from (f"- [ ] {_where(moved)}" for moved in orphans)
        yield ""


def _where(moved: Moved) -> str:
    if moved.part is None:
        return f"{code(moved.id)} of {code(moved.file)}"
    return f"{code(moved.id)} ({code(f'{moved.file}:{moved.part.line}')}): {code(moved.part.shows)}"


_SHOWN = 50


def _jobs(report: Report) -> Iterator[str]:
    if report.good:
        return
    yield "## Jobs that differ\n"
    for finding in report.findings[:_SHOWN]:
        group = finding.group
        jobs = f"{len(group.results):,} {'job' if len(group.results) == 1 else 'jobs'}"
        yield f"- [ ] {jobs}, such as {code(finding.example.case.id)}: script {code(place_text(group.control_place))}, "
        yield f"  port {code(place_text(group.candidate_place))}"
        yield f"  - {headline(finding)}"
        yield f"  - smallest environment: {code(variables(finding.minimal))}"
    if len(report.findings) > _SHOWN:
        yield f"- … and {len(report.findings) - _SHOWN:,} more changes"
    for problem in problems(report):
        if problem.kind != "different":
            yield f"- [ ] {problem.kind}, {len(problem.cases):,} jobs: {code(problem.message)}"
    yield ""
