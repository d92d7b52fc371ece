"""`ci-port report FILE`: a report that was written before, in another form."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ci_port.cli import parity
from ci_port.cli.evidence import trend_series
from ci_port.cli.options import add_project_options, project_flags, project_of
from ci_port.cli.output import check_writable, write_whole
from ci_port.cli.rendering import FORMATS, render
from ci_port.cli.terminal import style_for, width_of
from ci_port.cli.text import report_lines
from ci_port.model.world import load_world
from ci_port.parity import Report
from ci_port.parity.reader import load_report

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
    command.set_defaults(run=run)
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
        write_whole(target, text, "--output")
    return parity.exit_status(report)


def _text(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format != "text":
        series = trend_series(arguments) if arguments.evidence else ()
        return render(report, arguments.format, series)
    world = load_world(project_of(arguments).world)
    command = os.environ.get("CI_PORT_COMMAND", parity.COMMAND)
    style, width = style_for(sys.stdout), width_of(sys.stdout)
    lines = report_lines(report, world.env, command, project_flags(arguments), style, width)
    return "".join(f"{line}\n" for line in lines)
