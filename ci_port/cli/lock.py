"""`ci-port lock`: write down which script the port was verified against, once that has been shown."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ci_port.cli import status
from ci_port.cli.cases import load_jobs
from ci_port.cli.options import add_jobs_option, add_project_options, jobs_of, project_of
from ci_port.cli.project import PACKAGED, Project
from ci_port.cli.sides import python_side, shell_side
from ci_port.cli.status import UsageError
from ci_port.cli.subjects import subjects_of
from ci_port.cli.terminal import Progress
from ci_port.model import Case, World
from ci_port.model.world import load_world
from ci_port.parity import Verdict, sweep

if TYPE_CHECKING:
    from ci_port.runner.lock import LockedBranch
    from ci_port.shell import Inventory

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
    """Add the options of the subcommand."""
    command.set_defaults(run=run)
    command.add_argument("--output", "-o", metavar="FILE", help="where to write it (default: the packaged lock)")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port lock` and return the exit status, 0 if the lock was written."""
    project = project_of(arguments)
    target = Path(arguments.output) if arguments.output else packaged_lock()
    # Before the sweep: what changes while it runs is not what was compared.
    text = lock_text(project)
    world = load_world(project.world)
    cases = load_jobs(project.jobs, project.job_id)
    off = _not_same(cases, project, world, jobs_of(arguments))
    if off:
        print(
            f"{off:,} of {len(cases):,} jobs are not the same, so the lock stays as it is; `ci-port parity` shows them"
        )
        return status.DIFFERENT
    if lock_text(project) != text:
        raise UsageError("the script or the port has changed while they were compared; run this again")
    _write(target, text)
    print(f"{len(cases):,} of {len(cases):,} jobs are the same; wrote {target}")
    return status.SAME


def _not_same(cases: Sequence[Case], project: Project, world: World, jobs: int) -> int:
    """Return how many cases are not shown to be the same."""
    off = 0
    candidate = python_side(project.port, world)
    with Progress(len(cases), "cases") as progress:
        for done, result in enumerate(sweep(cases, shell_side(project.script, world), candidate, jobs), 1):
            off += result.verdict is not Verdict.SAME
            progress.update(done, f", {off} not the same" if off else "")
    return off


def packaged_lock() -> Path:
    """Return where the runner finds its lock."""
    from ci_port.runner.project import load_project

    return PACKAGED.parent / load_project().lock


def lock_text(project: Project) -> str:
    """Return the lock of the project's script and port as they are now; raises UsageError, ScriptError."""
    from ci_port.runner.lock import Lock, lock_of
    from ci_port.shell import read_script

    subjects = subjects_of(project)
    files = {
        Path(file.file).name: lock_of(Path(file.file).read_bytes(), sorted(_branches(file), key=lambda b: b.line))
        for file in read_script(project.script).every()
    }
    return Lock(subjects.script.fingerprint, subjects.port.fingerprint, files).dumps()


def _branches(file: Inventory) -> Iterator[LockedBranch]:
    from ci_port.runner.lock import LockedBranch

    for function in file.functions:
        yield LockedBranch(function.name, function.line, function.end_line)
    for branch in file.branches:
        yield LockedBranch(branch.id, branch.line, branch.end_line)


def _write(target: Path, text: str) -> None:
    scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        scratch.write_text(text, encoding="ascii")
        scratch.replace(target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise UsageError(f"the lock {target} cannot be written: {error.strerror or error}") from None
