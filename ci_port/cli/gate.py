"""`ci-port gate PHASE`: may this phase start? Each requirement with its figure."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.options import add_project_options, project_of
from ci_port.cli.terminal import style_for
from ci_port.model.plan import dumps
from ci_port.parity import Report
from ci_port.parity.reader import BadReport, load_report
from ci_port.project.present import phase_of, present_of, rollout_of
from ci_port.rollout.answer import markdown_lines, text_lines, to_json
from ci_port.rollout.evidence import load_evidence
from ci_port.rollout.gate import Requirement, is_open, requirements
from ci_port.rollout.phases import Phase
from ci_port.rollout.records import Evidence

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
    phase = rollout.current if arguments.phase == "current" else phase_of(rollout, arguments.phase)
    reports = [_report(name) for name in arguments.report]
    found = requirements(rollout, phase, reports, _evidence(arguments), present_of(project, phase.gate))
    _print(phase, found, arguments.format)
    return status.SAME if is_open(found) else status.CLOSED


def _report(name: str) -> Report | BadReport:
    try:
        return load_report(Path(name))
    except BadReport as error:
        return error


def _evidence(arguments: argparse.Namespace) -> list[Evidence] | None:
    if arguments.parity_only:
        return None
    return [] if arguments.evidence is None else load_evidence(Path(arguments.evidence))


def _print(phase: Phase, found: Sequence[Requirement], form: str) -> None:
    if form == "json":
        print(dumps(to_json(phase, found)))
        return
    for line in markdown_lines(phase, found) if form == "markdown" else text_lines(phase, found, style_for(sys.stdout)):
        print(line)
