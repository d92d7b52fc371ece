"""`ci-port diff-plan BASE [HEAD]`: which jobs do something else after a change, grouped by identical change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.options import add_jobs_option, add_project_options, project_of, workers
from ci_port.cli.refused import tell, tell_wrong
from ci_port.cli.terminal import Progress, style_for
from ci_port.model.plan import dumps
from ci_port.project.plans import work_of
from ci_port.project.spaces import jobs_or_files
from ci_port.review.cache import Cache, cache_directory
from ci_port.review.diff_plan import BOTH, PORT, SCRIPT, compared, of_plan_sets
from ci_port.review.plandiff import PlanDiff
from ci_port.review.plandiff_text import markdown, text_lines
from ci_port.review.plansets import is_plan_set

ABOUT = """\
Show which jobs' plans change between two revisions, grouped by identical change: for the script, the port, or both.

BASE and HEAD are git revisions (HEAD left out: the working tree, with all that is not committed), or two scripts,
or two files of plans as `ci-port plan --cases` prints them (*.jsonl, *.jsonl.gz).
"""
EXAMPLES = """\
A line is one change and the jobs that have it. `=` both sides have it in the same jobs, `!` only one side has it.

examples:
  {prog} main
  {prog} v1.2 HEAD --format markdown
  {prog} old/test.sh new/test.sh
  {prog} before.jsonl after.jsonl --format json
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("base", metavar="BASE", help="a git revision, a script, or a file of plans")
    command.add_argument("head", metavar="HEAD", nargs="?", help="the same; without it: the working tree")
    command.add_argument("--side", choices=(SCRIPT, PORT, BOTH), default=BOTH, help="what to look at")
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="what to print")
    command.add_argument("--no-cache", action="store_true", help="remember no plans, and use none of the last time")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port diff-plan`: 0 nothing changes, 1 plans or the jobs do, 4 a job could not be planned."""
    diff, refused = _diff(arguments)
    if arguments.format == "json":
        print(dumps(diff.to_json()))
    elif arguments.format == "markdown":
        print(markdown(diff), end="")
    else:
        for line in text_lines(diff, style_for(sys.stdout)):
            print(line)
    if diff.moved:
        return status.DIFFERENT
    failed = refused or any(side.failing for side in diff.sides.values())
    return status.SIDE_FAILED if failed else status.SAME


def _diff(arguments: argparse.Namespace) -> tuple[PlanDiff, bool]:
    """Return what was asked for, and whether plans or jobs were refused: where nothing moved, they are not even run."""
    base, head = Path(arguments.base), Path(arguments.head) if arguments.head else None
    if is_plan_set(base) or (head and is_plan_set(head)):
        diff = of_plan_sets(base, head)
        return diff, tell(diff.unread)
    project = project_of(arguments)
    cases = jobs_or_files(project, arguments.cases)
    refused = tell_wrong(cases)
    cache = Cache(None if arguments.no_cache else cache_directory())
    file = Path(arguments.config) if arguments.config else None
    work = work_of(project, cases, workers(arguments), cache, Progress, file=file, own_jobs=not arguments.cases)
    return compared(arguments.base, arguments.head, arguments.side, work), refused
