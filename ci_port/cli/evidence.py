"""`ci-port evidence`: keep run records, and show what they add up to."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from pathlib import Path

from ci_port.bash.quoting import visible
from ci_port.cli import status
from ci_port.cli.options import add_project_options, project_of
from ci_port.cli.terminal import style_for
from ci_port.model.plan import dumps
from ci_port.project.present import phase_of, rollout_of
from ci_port.rollout.evidence import Store, load_evidence, since
from ci_port.rollout.records import read_records
from ci_port.rollout.trends import Trends, by_phase, markdown_lines, text_lines, to_json

DEFAULT = "evidence.db"
ABOUT = """\
Keep the runner's records (docs/runner.md) as evidence for the rollout, and show what they add up to.
"""
EXAMPLES = """\
Adding is idempotent, and several may add at once. Records that are broken or no records of ours are named and left
out; the others are kept, and the exit status is 1.

examples:
  {prog} add records/*.jsonl
  {prog} show --days 14
  {prog} show --phase 2.1 --format json
"""


_DIGITS = 5


def add(command: argparse.ArgumentParser) -> None:
    """Add the two subcommands."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="keep the records of these files")
    adding.set_defaults(act=_add)
    adding.add_argument("records", nargs="+", metavar="RECORD", help="files with one record a line")
    _add_store(adding)
    showing = actions.add_parser("show", help="what the records add up to, for each phase and day")
    showing.set_defaults(act=_show)
    showing.add_argument("--phase", metavar="PHASE", help="this phase only")
    showing.add_argument("--days", type=_days, default=30, metavar="N", help="the last N days (default: 30)")
    showing.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="what to print")
    _add_store(showing)
    add_project_options(showing)


def _add_store(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("CI_PORT_EVIDENCE") or DEFAULT
    parser.add_argument(
        "--evidence", default=default, metavar="FILE", help="the store (default: $CI_PORT_EVIDENCE, else evidence.db)"
    )


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= len(text.lstrip("0")) <= _DIGITS:
        raise argparse.ArgumentTypeError(f"a number of days from 1 to {10**_DIGITS - 1:,} is expected, found {text!r}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the action that was named."""
    result: int = arguments.act(arguments)
    return result


def _add(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port evidence add`: 0 all is kept, 1 something was refused."""
    records = [record for name in arguments.records for record in read_records(Path(name))]
    with Store(Path(arguments.evidence), create=True) as store:
        added = store.add(records)
    for refused in added.refused:
        print(visible(f"refused: {refused.place}: {refused.reason}"), file=sys.stderr)
    print(f"{added.new:,} new, {added.known:,} known already, {len(added.refused):,} refused")
    return status.DIFFERENT if added.refused else status.SAME


def _show(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port evidence show`."""
    trends = _trends(arguments)
    if arguments.format == "json":
        print(dumps(to_json(trends)))
        return status.SAME
    for line in markdown_lines(trends) if arguments.format == "markdown" else text_lines(trends, style_for(sys.stdout)):
        print(line)
    return status.SAME


def _trends(arguments: argparse.Namespace) -> Trends:
    project = project_of(arguments)
    rollout = rollout_of(project)
    first = since(datetime.datetime.now(datetime.timezone.utc), arguments.days)
    records = [record for record in load_evidence(Path(arguments.evidence)) if record.time >= first]
    found = by_phase(records, rollout, project.job_id)
    if arguments.phase is None:
        return found
    wanted = str(phase_of(rollout, arguments.phase))
    return {phase: days for phase, days in found.items() if phase == wanted}
