"""`ci-port gate PHASE`: may this phase start? Each requirement with its figure."""

from __future__ import annotations

import argparse
import datetime
import functools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.evidence import read_evidence, rollout_of
from ci_port.cli.options import add_project_options, project_of
from ci_port.cli.parity import named_space
from ci_port.cli.project import JOBS, Project
from ci_port.cli.status import UsageError
from ci_port.cli.subjects import subjects_of
from ci_port.cli.terminal import style_for
from ci_port.model import DataError
from ci_port.model.plan import dumps
from ci_port.parity import Report, Space, space_of
from ci_port.parity.reader import BadReport, load_report
from ci_port.rollout.gate import Present, Requirement, is_open, requirements
from ci_port.rollout.phases import Gate, Phase
from ci_port.rollout.records import job_variables

ABOUT = """\
Say whether a phase of the rollout may start: hold reports of parity, and the evidence of runs, against what the
phase's gate in rollout.toml asks for.
"""
EXAMPLES = """\
Exit status 0: open, 5: closed. A report must be as it was made, fresh, about these very files, and complete.

examples:
  {prog} 1 --report parity.json --evidence evidence.db
  {prog} current --report parity.json --parity-only
  {prog} 2.1 --report jobs.json worlds.json --evidence evidence.db --format markdown
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.set_defaults(run=run)
    command.add_argument(
        "phase", metavar="PHASE", help="an id or a name of rollout.toml; `current` is the one in force"
    )
    command.add_argument("--report", nargs="+", default=[], metavar="FILE", help="reports of parity, which add up")
    proof = command.add_mutually_exclusive_group()
    proof.add_argument("--evidence", metavar="FILE", help="the store of evidence")
    proof.add_argument(
        "--parity-only", action="store_true", help="ask for no runs: what a change has to keep of a phase in force"
    )
    command.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="what to print")
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port gate`: 0 open, 5 closed."""
    project = project_of(arguments)
    rollout = rollout_of(project)
    try:
        phase = rollout.current if arguments.phase == "current" else rollout.find(arguments.phase)
    except LookupError as error:
        raise UsageError(str(error)) from None
    reports = [_report(name) for name in arguments.report]
    evidence = None if arguments.parity_only else read_evidence(arguments.evidence)
    found = requirements(rollout, phase, reports, evidence, _present(project, phase.gate))
    _WRITERS[arguments.format](phase, found)
    return status.SAME if is_open(found) else status.CLOSED


def _report(name: str) -> Report | BadReport:
    try:
        return load_report(Path(name))
    except BadReport as error:
        return error


def _present(project: Project, gate: Gate | None) -> Present:
    return Present(
        subjects=subjects_of(project),
        jobs=named_space(JOBS, project),
        spaces={name: _space(name, project) for name in (gate.spaces if gate else ())},
        now=datetime.datetime.now(datetime.timezone.utc),
        variables=functools.partial(job_variables, project.job_id),
    )


def _space(name: str, project: Project) -> Space | None:
    try:
        return space_of(name, named_space(name, project))
    except (DataError, UsageError):
        return None


def _text(phase: Phase, found: Sequence[Requirement]) -> None:
    style = style_for(sys.stdout)
    width = max(len(one.name) for one in found)
    for one in found:
        mark = style.good("ok    ") if one.holds else style.bad("CLOSED")
        print(f"{mark}  {one.name:<{width}}  {one.found}  (asked: {one.asked})")
    print(style.bold(_verdict(phase, found)))


def _verdict(phase: Phase, found: Sequence[Requirement]) -> str:
    closed = [one.name for one in found if not one.holds]
    if not closed:
        return f"phase {phase}: open"
    return f"phase {phase}: closed by {len(closed)} of {len(found)} requirements: {', '.join(closed)}"


def _markdown(phase: Phase, found: Sequence[Requirement]) -> None:
    for line in _markdown_lines(phase, found):
        print(line)


def _markdown_lines(phase: Phase, found: Sequence[Requirement]) -> Iterator[str]:
    yield f"### {'🟢' if is_open(found) else '🔴'} {_verdict(phase, found)}\n"
    yield "| | requirement | found | asked |\n|---|---|---|---|"
    for one in found:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in (one.name, one.found, one.asked))
        yield f"| {'✅' if one.holds else '❌ closed'} | {' | '.join(cells)} |"


def _json(phase: Phase, found: Sequence[Requirement]) -> None:
    rows = [{"name": one.name, "holds": one.holds, "found": one.found, "asked": one.asked} for one in found]
    print(dumps({"phase": phase.id, "open": is_open(found), "requirements": rows}))


_WRITERS = {"text": _text, "markdown": _markdown, "json": _json}
