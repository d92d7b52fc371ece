"""`ci-port drift`: the script moved and the port did not. What to do, as a list."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.options import add_jobs_option, add_project_options, project_of, workers
from ci_port.cli.refused import tell_wrong
from ci_port.cli.terminal import Progress
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import Report
from ci_port.parity.places import shown
from ci_port.project.comparison import compared
from ci_port.project.file import JOBS, Project
from ci_port.project.spaces import jobs_or_files
from ci_port.project.tracing import declarations_beside
from ci_port.review.drift import parted, read
from ci_port.review.drift_text import markdown_lines

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
    command.add_argument("--format", choices=("markdown", "json"), default="markdown", help="what to print")
    command.add_argument("--no-jobs", action="store_true", help="only read the script; run no job")
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--trace-file", metavar="FILE", help="what the port was written from (default: beside it)")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port drift`: 0 nothing moved, 1 something did, 4 a side could not be run."""
    project = project_of(arguments)
    named = Path(arguments.trace_file) if arguments.trace_file else None
    parts, declarations = read(project.script, lambda: named or declarations_beside(project.port))
    report = None if arguments.no_jobs else _report(arguments, project)
    drift = parted(shown(project.script), parts, declarations, report)
    if arguments.format == "json":
        print(dumps(drift.to_json()))
    else:
        for line in markdown_lines(drift):
            print(line)
    if report is not None and status.of_report(report) == status.SIDE_FAILED:
        return status.SIDE_FAILED
    return status.DIFFERENT if drift.any else status.SAME


def _report(arguments: argparse.Namespace, project: Project) -> Report:
    cases = jobs_or_files(project, arguments.cases)
    tell_wrong(cases)
    return compared(
        project, load_world(project.world), {JOBS: cases}, workers(arguments), whole=True, progress=Progress
    )
