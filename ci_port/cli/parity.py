"""`ci-port parity`: would the script and its port run the same commands, in every case?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.name import command_name
from ci_port.cli.options import add_jobs_option, add_project_options, project_flags, project_of, workers
from ci_port.cli.output import check_writable, write
from ci_port.cli.refused import tell_wrong
from ci_port.cli.terminal import Progress, style_for, width_of
from ci_port.model import Case, World
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import to_json
from ci_port.parity.render.forms import FORMATS, render
from ci_port.parity.render.text import report_lines
from ci_port.project.comparison import compared
from ci_port.project.file import Project
from ci_port.project.plans import remember
from ci_port.project.spaces import failing, spaces_of
from ci_port.review.cache import Cache, cache_directory

ABOUT = """\
Run both sides dry in every case and compare the plans: same commands, same order, same environment, same
directory, same redirections, same exit status.

Without --cases the cases are all of CI's own jobs.
"""
EXAMPLES = """\
A case is
  same        both plans are equal
  different   they are not; the first differing step is shown, script beside port
  not ported  the port has no function yet for a branch that the case takes
  untrusted   a side failed, or a plan rests on an answer that no rule of the world gave

examples:
  {prog}
  {prog} --cases tests/parity/recorded/mix.jsonl.gz tests/parity/recorded/fail.jsonl.gz
  {prog} --format json | jq .counts
  {prog} --cases tests/parity/recorded/fail.jsonl.gz --fail-each-step
  {prog} --script ~/pytorch/.ci/pytorch/test.sh --report parity.json
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--format", choices=FORMATS, default="text", help="what to print (default: text)")
    command.add_argument(
        "--fail-each-step", action="store_true", help="in each environment, let every command fail in turn"
    )
    command.add_argument("--space", nargs="+", metavar="NAME", help="spaces of the project; `jobs` are CI's own jobs")
    command.add_argument("--report", metavar="FILE", help="write everything that was found to a JSON file")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port parity` and return the exit status."""
    project = project_of(arguments)
    world = load_world(project.world)
    spaces = spaces_of(project, arguments.space, arguments.cases)
    tell_wrong(case for cases in spaces.values() for case in cases)
    if arguments.fail_each_step:
        spaces = {f"{name}, each step failing": _failing(cases, project, world) for name, cases in spaces.items()}
    target = Path(arguments.report) if arguments.report else None
    if target is not None:
        check_writable(target, "--report")
    whole = target is not None or arguments.format != "text"
    report = compared(project, world, spaces, workers(arguments), whole, Progress)
    remember(project, spaces, report, Cache(cache_directory()))
    if target is not None:
        write(target, dumps(to_json(report)) + "\n", "--report")
    if arguments.format == "text":
        style, width = style_for(sys.stdout), width_of(sys.stdout)
        for line in report_lines(report, world.env, command_name(), project_flags(arguments), style, width):
            print(line)
    else:
        print(render(report, arguments.format), end="")
    return status.of_report(report)


def _failing(cases: Sequence[Case], project: Project, world: World) -> list[Case]:
    found, bare = failing(cases, project, world)
    print(
        f"failing each of {len(found) - bare:,} steps in turn, in {bare:,} environments that are also run as they are",
        file=sys.stderr,
    )
    return found
