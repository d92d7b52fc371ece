"""`ci-port drift`: the script moved and the port did not. What to do, as a list."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_port.cli import status
from ci_port.cli.cases import load_case_files, load_jobs
from ci_port.cli.options import add_jobs_option, add_project_options, jobs_of, project_of
from ci_port.cli.parity import compared, exit_status
from ci_port.cli.project import JOBS, Project
from ci_port.cli.status import CannotRun, UsageError
from ci_port.cli.subjects import port_files, shown
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import Report, Verdict
from ci_port.parity.render.facts import headline, place_text, problems, variables
from ci_port.parity.render.markdown import code

if TYPE_CHECKING:
    from ci_port.shell.trace import Declarations, Part

TRACE_FILE = "trace.json"
ABOUT = """\
Show what has become of the port since the script moved on: branches of the script that were added, removed or changed
since their Python function was written, the functions that are stale by that, the jobs that differ, and what to do.
"""
EXAMPLES = """\
What the port was written from stands beside it, in trace.json (docs/inventory.md). The output is a list in Markdown.

examples:
  {prog} --script ~/pytorch/.ci/pytorch/test.sh > todo.md
  {prog} --no-jobs --format json
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.set_defaults(run=run)
    command.add_argument("--format", choices=("markdown", "json"), default="markdown", help="what to print")
    command.add_argument("--no-jobs", action="store_true", help="only read the script; run no job")
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--trace-file", metavar="FILE", help="what the port was written from (default: beside it)")
    add_jobs_option(command)
    add_project_options(command)


@dataclass(frozen=True, slots=True)
class Moved:
    """A part of the script that is not what the port was written from; `part` is None where it is gone."""

    file: str
    id: str
    part: Part | None
    twin: str | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How far script and port have parted."""

    script: str
    added: tuple[Moved, ...]
    changed: tuple[Moved, ...]
    removed: tuple[Moved, ...]
    report: Report | None

    @property
    def stale(self) -> Mapping[str, tuple[Moved, ...]]:
        """Return the functions of the port whose part of the script changed or went, with those parts."""
        found: dict[str, list[Moved]] = {}
        for moved in (*self.changed, *self.removed):
            if moved.twin:
                found.setdefault(moved.twin, []).append(moved)
        return {twin: tuple(parts) for twin, parts in sorted(found.items())}

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.added or self.changed or self.removed) or (self.report is not None and not self.report.good)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port drift`: 0 nothing moved, 1 something did, 4 a side could not be run."""
    project = project_of(arguments)
    drift = _drift(arguments, project)
    if arguments.format == "json":
        print(dumps(_json(drift)))
    else:
        for line in _markdown(drift):
            print(line)
    if drift.report is not None and exit_status(drift.report) == status.SIDE_FAILED:
        return status.SIDE_FAILED
    return status.DIFFERENT if drift.any else status.SAME


def _drift(arguments: argparse.Namespace, project: Project) -> Drift:
    parts, declarations = _read(project, Path(arguments.trace_file) if arguments.trace_file else None)
    report = None
    if not arguments.no_jobs:
        cases = load_case_files(arguments.cases) if arguments.cases else load_jobs(project.jobs, project.job_id)
        if not cases:
            raise UsageError("there is no job to compare: the files hold none")
        world = load_world(project.world)
        report = compared(project, world, {JOBS: cases}, jobs_of(arguments), whole=True)
    return parted(shown(project.script), parts, declarations, report)


def parted(script: str, parts: Sequence[Part], declarations: Declarations, report: Report | None) -> Drift:
    """Hold the parts of the script against those that the port was written from."""
    there = {(part.file, part.id): part for part in parts}
    new = [Moved(*key, part, None) for key, part in there.items() if key not in declarations]
    known = [(key, there[key], said) for key, said in declarations.items() if key in there]
    changed = [
        Moved(*key, part, said.twin) for key, part, said in known if said.fingerprint not in ("", part.fingerprint)
    ]
    removed = [Moved(*key, None, said.twin) for key, said in declarations.items() if key not in there]
    return Drift(script, tuple(new), tuple(changed), tuple(removed), report)


def _read(project: Project, trace_file: Path | None) -> tuple[list[Part], Declarations]:
    try:
        from ci_port.shell import ScriptError, read_script, trace
        from ci_port.shell.coverage import Reader
    except ImportError as error:
        raise CannotRun(f"Reading the script needs {error.name}: pip install 'ci_port[parity]'") from None
    path = trace_file or port_files(project.port)[0].parent / TRACE_FILE
    if not path.is_file():
        raise UsageError(f"there is no {path}, so it is not known what the port was written from; {trace.REGENERATE}")
    if not project.script.is_file():
        raise UsageError(f"there is no script {project.script}; name one with --script PATH")
    try:
        reader = Reader(read_script(project.script))
    except ScriptError as error:
        raise UsageError(str(error)) from None
    return list(trace.parts_of(reader.inventory, reader.name_of)), trace.load(path)


def _json(drift: Drift) -> dict[str, Any]:
    def entry(moved: Moved) -> dict[str, Any]:
        line = moved.part.line if moved.part else None
        shows = moved.part.shows if moved.part else None
        return {"file": moved.file, "id": moved.id, "line": line, "shows": shows, "twin": moved.twin}

    report = drift.report
    return {
        "format": "ci-port drift",
        "version": 1,
        "script": drift.script,
        "added": [entry(moved) for moved in drift.added],
        "changed": [entry(moved) for moved in drift.changed],
        "removed": [entry(moved) for moved in drift.removed],
        "stale": {twin: [moved.id for moved in parts] for twin, parts in drift.stale.items()},
        "jobs": None
        if report is None
        else {
            "total": len(report.results),
            "differ": [result.case.id for result in report.results if result.verdict is not Verdict.SAME],
        },
    }


def _markdown(drift: Drift) -> Iterator[str]:
    yield f"# Drift of {code(drift.script)}\n"
    if not drift.any:
        yield "Nothing has moved: every part of the script is what its Python function was written from."
        return
    counts = (f"{len(found)} {what}" for what, found in _parts(drift))
    jobs = (
        "" if drift.report is None else f"; {_differing(drift.report):,} of {len(drift.report.results):,} jobs differ"
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


def _differing(report: Report) -> int:
    return sum(result.verdict is not Verdict.SAME for result in report.results)


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
        return f"{code(moved.id)} of {moved.file}"
    return f"{code(moved.id)} ({moved.file}:{moved.part.line}): {code(moved.part.shows)}"


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
            yield f"- [ ] {problem.kind}, {len(problem.cases):,} jobs: {problem.message}"
    yield ""
