"""`ci-port evidence`: keep run records, and show what they add up to."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.options import add_project_options, project_of
from ci_port.cli.project import Project
from ci_port.cli.status import UsageError
from ci_port.cli.terminal import style_for
from ci_port.model.plan import dumps
from ci_port.parity.render.plot import Series
from ci_port.rollout.evidence import Figures, NotEvidence, Store, since, trend
from ci_port.rollout.phases import Rollout, load_rollout
from ci_port.rollout.records import Evidence, job_variables, read_records

DEFAULT = "evidence.db"
OTHER_JOBS = "other jobs"
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


def add(command: argparse.ArgumentParser) -> None:
    """Add the two subcommands."""
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="keep the records of these files")
    adding.set_defaults(run=run_add)
    adding.add_argument("records", nargs="+", metavar="RECORD", help="files with one record a line")
    _add_store(adding)
    showing = actions.add_parser("show", help="what the records add up to, for each phase and day")
    showing.set_defaults(run=run_show)
    showing.add_argument("--phase", metavar="PHASE", help="this phase only")
    showing.add_argument("--days", type=int, default=30, metavar="N", help="the last N days (default: 30)")
    showing.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="what to print")
    _add_store(showing)
    add_project_options(showing)


def _add_store(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("CI_PORT_EVIDENCE") or DEFAULT
    parser.add_argument(
        "--evidence", default=default, metavar="FILE", help="the store (default: $CI_PORT_EVIDENCE, else evidence.db)"
    )


def run_add(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port evidence add`: 0 all is kept, 1 something was refused."""
    records = [record for name in arguments.records for record in read_records(Path(name))]
    try:
        with Store(Path(arguments.evidence), create=True) as store:
            added = store.add(records)
    except NotEvidence as error:
        raise UsageError(str(error)) from None
    for refused in added.refused:
        print(f"refused: {refused.place}: {refused.reason}", file=sys.stderr)
    print(f"{added.new:,} new, {added.known:,} known already, {len(added.refused):,} refused")
    return status.DIFFERENT if added.refused else status.SAME


def run_show(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port evidence show`."""
    trends = _trends(arguments)
    if arguments.format == "json":
        print(dumps({phase: {day: _json(one) for day, one in days.items()} for phase, days in trends.items()}))
    elif arguments.format == "markdown":
        for line in _markdown(trends):
            print(line)
    else:
        for line in _table(trends):
            print(line)
    return status.SAME


def read_evidence(path: str | None) -> list[Evidence]:
    """Return the records of a store; raises UsageError where there is none."""
    if path is None:
        return []
    try:
        with Store(Path(path)) as store:
            return store.records()
    except NotEvidence as error:
        raise UsageError(str(error)) from None


def rollout_of(project: Project) -> Rollout:
    """Return the rollout of the project; raises DataError with file, line and field."""
    return load_rollout(project.rollout)


def trend_series(arguments: argparse.Namespace) -> tuple[Series, ...]:
    """Return the evidence of a store as what a plot shows."""
    project = project_of(arguments)
    trends = _by_phase(read_evidence(arguments.evidence), project, rollout_of(project))
    return tuple(
        Series(
            phase,
            tuple(days),
            tuple(one.shadow for one in days.values()),
            tuple(one.live for one in days.values()),
            tuple(one.mismatches for one in days.values()),
            tuple(one.fallbacks for one in days.values()),
        )
        for phase, days in trends.items()
    )


Trends = Mapping[str, Mapping[str, Figures]]


def _trends(arguments: argparse.Namespace) -> Trends:
    project = project_of(arguments)
    rollout = rollout_of(project)
    first = since(datetime.datetime.now(datetime.timezone.utc), arguments.days)
    records = [record for record in read_evidence(arguments.evidence) if record.time >= first]
    found = _by_phase(records, project, rollout)
    if arguments.phase is None:
        return found
    try:
        wanted = str(rollout.find(arguments.phase))
    except LookupError as error:
        raise UsageError(str(error)) from None
    return {phase: days for phase, days in found.items() if phase == wanted}


def _by_phase(records: Sequence[Evidence], project: Project, rollout: Rollout) -> Trends:
    """Return the trends by the phase that switches a job on, in the order of the phases."""

    def phase_of(record: Evidence) -> str:
        job = job_variables(project.job_id, record.job)
        return str((rollout.first_phase(job) if job else None) or OTHER_JOBS)

    found = trend(records, phase_of)
    order = [str(phase) for phase in rollout.phases] + [OTHER_JOBS]
    return {phase: found[phase] for phase in order if phase in found}


def _json(one: Figures) -> dict[str, float]:
    return {
        "runs": one.runs,
        "shadow": one.shadow,
        "mismatches": one.mismatches,
        "inconclusive": one.inconclusive,
        "live": one.live,
        "fallbacks": one.fallbacks,
    }


_HEAD = ("day", "runs", "shadow", "mismatch %", "no answer", "live", "fallback %")


def _cells(day: str, one: Figures) -> tuple[str, ...]:
    mismatch = f"{one.mismatch_percent:.2f}" if one.shadow else "-"
    fallback = f"{one.fallback_percent:.2f}" if one.live else "-"
    return (day, f"{one.runs:,}", f"{one.shadow:,}", mismatch, f"{one.inconclusive:,}", f"{one.live:,}", fallback)


def _table(trends: Trends) -> Iterator[str]:
    style = style_for(sys.stdout)
    if not trends:
        yield "there is no evidence for this yet"
    for phase, days in trends.items():
        yield style.bold(f"phase {phase}")
        rows = [_HEAD, *(_cells(day, one) for day, one in days.items())]
        widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
        for row in rows:
            yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))


def _markdown(trends: Trends) -> Iterator[str]:
    for phase, days in trends.items():
        yield f"\n### Phase {phase}\n"
        yield "| " + " | ".join(_HEAD) + " |"
        yield "|---|" + "---:|" * (len(_HEAD) - 1)
        for day, one in days.items():
            yield "| " + " | ".join(_cells(day, one)) + " |"
