"""`ci-port report FILE`: a report that was written before, in another form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.name import command_name
from ci_port.cli.options import add_project_options, project_flags, project_of
from ci_port.cli.output import check_writable, write
from ci_port.cli.terminal import style_for, width_of
from ci_port.model.world import load_world
from ci_port.parity import Report
from ci_port.parity.reader import load_report
from ci_port.parity.render.forms import FORMATS, render
from ci_port.parity.render.plot import Series
from ci_port.parity.render.text import report_lines

ABOUT = """\
Show a report of `ci-port parity --report FILE` in another form. The exit status is that of the comparison.
"""
EXAMPLES = """\
forms:
  text      for a terminal (default)
  markdown  for a step summary or a comment
  html      one page that needs nothing else: all jobs as a grid, both plans side by side, filter
  junit     JUnit XML
  sarif     SARIF 2.1.0, for code scanning
  github    workflow commands: annotations on the script's line and on the Python function
  json      the report itself

examples:
  {prog} parity.json --format markdown >> "$GITHUB_STEP_SUMMARY"
  {prog} parity.json --format html --evidence evidence.db -o parity.html
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("file", metavar="FILE", help="the report")
    command.add_argument("--format", choices=FORMATS, default="text", help="the form (default: text)")
    command.add_argument("-o", "--output", metavar="FILE", help="write there, not to standard output")
    command.add_argument("--evidence", metavar="FILE", help="html: show the evidence of this store as well")
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port report` and return the exit status of the comparison."""
    target = Path(arguments.output) if arguments.output else None
    if target is not None:
        check_writable(target, "--output")
    report = load_report(Path(arguments.file))
    text = _text(report, arguments)
    if target is None:
        print(text, end="")
    else:
        write(target, text, "--output")
    return status.of_report(report)


def _text(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format != "text":
        return render(report, arguments.format, _series(arguments) if arguments.evidence else ())
    world = load_world(project_of(arguments).world)
    style, width = style_for(sys.stdout), width_of(sys.stdout)
    lines = report_lines(report, world.env, command_name(), project_flags(arguments), style, width)
    return "".join(f"{line}\n" for line in lines)


def _series(arguments: argparse.Namespace) -> tuple[Series, ...]:
    """Return the evidence of the store as what a plot shows."""
    from ci_port.project.present import rollout_of
    from ci_port.rollout.evidence import load_evidence
    from ci_port.rollout.trends import by_phase, series

    project = project_of(arguments)
    records = load_evidence(Path(arguments.evidence))
    return series(by_phase(records, rollout_of(project), project.job_id))
