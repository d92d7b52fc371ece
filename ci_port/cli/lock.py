"""`ci-port lock`: write down which script the port was verified against, once that has been shown."""

from __future__ import annotations

import argparse
from pathlib import Path

from ci_port.cli import status
from ci_port.cli.options import add_jobs_option, add_project_options, project_of, workers
from ci_port.cli.output import check_writable, write
from ci_port.cli.refused import tell_wrong
from ci_port.cli.terminal import Progress
from ci_port.model.errors import UsageError
from ci_port.model.world import load_world
from ci_port.project.comparison import not_same
from ci_port.project.file import Project
from ci_port.project.spaces import jobs_or_files
from ci_port.project.verified import verified
from ci_port.runner.bundle import lock_file
from ci_port.runner.lock import make_lock

ABOUT = """\
Run parity over all of CI's jobs, and only if every one is the same, write the lock: fingerprints of the script, of each
of its lines and of the port.

The runner compares the script in the checkout with the lock, and leaves the job to bash when they differ.
"""
EXAMPLES = """\
examples:
  {prog}
  {prog} --script ~/pytorch/.ci/pytorch/test.sh
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--output", "-o", metavar="FILE", help="where to write it (default: the packaged lock)")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port lock` and return the exit status, 0 if the lock was written."""
    project = project_of(arguments)
    target, flag = (Path(arguments.output), "--output") if arguments.output else (lock_file(), "the lock")
    check_writable(target, flag)
    # Before the sweep: what changes while it runs is not what was compared.
    text = _text(project)
    world, cases = load_world(project.world), jobs_or_files(project, None)
    tell_wrong(cases)
    off = not_same(project, world, cases, workers(arguments), Progress)
    if off:
        print(
            f"{off:,} of {len(cases):,} jobs are not the same, so the lock stays as it is; `ci-port parity` shows them"
        )
        return status.DIFFERENT
    if _text(project) != text:
        raise UsageError("the script or the port has changed while they were compared; run this again")
    write(target, text, flag)
    print(f"{len(cases):,} of {len(cases):,} jobs are the same; wrote {target}")
    return status.SAME


def _text(project: Project) -> str:
    return make_lock(*verified(project)).dumps()
