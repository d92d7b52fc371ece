"""`ci-port inventory`: what is in the script, which function of the port carries out what, and what runs have shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ci_port.cli import status
from ci_port.cli.options import add_jobs_option, add_project_options, project_of, workers
from ci_port.cli.refused import tell
from ci_port.cli.terminal import Progress
from ci_port.model.errors import UsageError
from ci_port.project.file import Project
from ci_port.project.traces import coverages
from ci_port.project.tracing import TRACE_FILE, read_inventory, traced

if TYPE_CHECKING:
    from ci_port.shell.coverage import Coverage, Reader
    from ci_port.shell.reporting import Found
    from ci_port.shell.trace import Trace
    from ci_port.shell.twins import Twin

ABOUT = """\
List what is in a bash script: functions, branches, commands, variables, calls, early exits, sourced files.

Nothing of the script is run, except with --coverage, which runs it dry.
"""
EXAMPLES = """\
A branch's id is made of its function, the arms around it, its kind and its condition: comments and unrelated branches
above it change nothing. With --trace, the exit status is 1 while a part of the script is missing or stale in the port.
With --strict, it is 3 when something in the script was not understood.

examples:
  {prog} --script build.sh
  {prog} --format json | jq '.branches[] | select(.kind == "elif")'
  {prog} --trace
  {prog} --trace --update --accept test_python/if-0123456789
  {prog} --trace --coverage --format html > inventory.html
  {prog} --coverage tests/parity/recorded/mix.jsonl.gz
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="what to print (default: text)"
    )
    command.add_argument("--strict", action="store_true", help="exit with 3 when something was not understood")
    command.add_argument("--trace", action="store_true", help="show which function of the port carries out what")
    command.add_argument(
        "--trace-file", metavar="FILE", help=f"the port's declarations (default: {TRACE_FILE} beside it)"
    )
    command.add_argument("--update", action="store_true", help="write new parts and fingerprints into the declarations")
    command.add_argument(
        "--accept", action="append", default=[], metavar="ID", help="with --update: the twin of this part was looked at"
    )
    command.add_argument(
        "--coverage", nargs="*", metavar="CASES", help="run the script dry and show what was taken (default: CI's jobs)"
    )
    command.add_argument("--no-follow", action="store_true", help="leave out the files that the script sources")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port inventory` and return the exit status."""
    if (arguments.update or arguments.accept) and not arguments.trace:
        raise UsageError("--update and --accept belong to --trace")
    if arguments.accept and not arguments.update:
        raise UsageError("--accept belongs to --update")
    project = project_of(arguments)
    reader = read_inventory(project.script, follow=not arguments.no_follow)
    # Not before the script could be read: reading needs packages, and without them there is a remedy to name.
    from ci_port.shell import reporting

    found = _found(arguments, project, reader)
    for line in reporting.lines(arguments.format, found):
        print(line)
    unknown = list(reporting.not_understood(reader))
    for line in unknown:
        print(line, file=sys.stderr)
    if unknown and arguments.strict:
        return status.CANNOT_RUN_HERE
    # Several sets are shown together, too: what failed is said once.
    if tell(dict.fromkeys(problem for coverage in found.coverages for problem in coverage.failed), "failed"):
        return status.SIDE_FAILED
    return status.DIFFERENT if found.traced is not None and not found.traced.complete else status.SAME


def _found(arguments: argparse.Namespace, project: Project, reader: Reader) -> Found:
    """Return what is asked for; coverage takes from the declarations why a branch cannot be reached."""
    from ci_port.shell.reporting import Found, reasons

    file = Path(arguments.trace_file) if arguments.trace_file else None
    declared: Trace | None = None
    twins: Mapping[str, Twin] = {}
    covered: Sequence[Coverage] = ()
    if arguments.trace or arguments.coverage is not None:
        declared, twins = traced(project.port, reader, file, arguments.update, arguments.accept)
    if arguments.coverage is not None:
        covered = coverages(project, arguments.coverage, reader, workers(arguments), Progress)
    return Found(reader, declared if arguments.trace else None, twins, covered, reasons(declared))
