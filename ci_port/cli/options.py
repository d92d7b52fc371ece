"""What several subcommands read from the command line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from ci_port.model import Environment
from ci_port.model.errors import UsageError
from ci_port.parity import cores
from ci_port.project.file import Project, load_project


def add_project_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is run."""
    group = parser.add_argument_group("what is run (without these: the project that the package brings)")
    group.add_argument(
        "--script", metavar="PATH", help="the bash script; the files beside it are what stands beside it in the run"
    )
    group.add_argument("--port", metavar="MODULE:FUNCTION", help="the Python port")
    group.add_argument("--world", metavar="FILE", help="the machine around the script, as JSON (docs/formats.md)")
    group.add_argument("--config", metavar="FILE", help="a JSON file with script, port, world, jobs, job_id")


def add_start_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how the script is started: `--env`, `--unset`, `--args` and `--stdin`."""
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable; NAME= empties it"
    )
    parser.add_argument("--unset", action="append", default=[], metavar="NAME", help="remove a variable")
    parser.add_argument("--args", metavar="WORDS", help="the script's arguments, as a shell reads them")
    parser.add_argument("--stdin", metavar="TEXT", help="what the script reads on its standard input")


def script_words(text: str | None) -> tuple[str, ...]:
    """Return the words of `--args`, as a shell reads them; raises UsageError where it would not."""
    try:
        return tuple(shlex.split(text or ""))
    except ValueError as error:
        raise UsageError(f"--args {text!r} are no shell words: {error}") from None


def add_jobs_option(parser: argparse.ArgumentParser) -> None:
    """Add `--jobs`."""
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="how many cases to run at a time (default: as many as cores)"
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 is expected, found {text!r}")
    return number


def workers(arguments: argparse.Namespace) -> int:
    """Return how many workers to use."""
    jobs: int | None = arguments.jobs
    return jobs or cores()


def project_of(arguments: argparse.Namespace) -> Project:
    """Return the project: the configuration's, with what the flags name put in place."""
    project = load_project(Path(arguments.config) if arguments.config else None)
    return project.overridden(arguments.script, arguments.port, arguments.world)


def project_flags(arguments: argparse.Namespace) -> list[str]:
    """Return the flags that lead another command to the same project."""
    given = (("--config", arguments.config), ("--script", arguments.script))
    more = (("--port", arguments.port), ("--world", arguments.world))
    return [word for flag, value in (*given, *more) if value for word in (flag, value)]


def environment_changes(arguments: argparse.Namespace) -> dict[str, str | None]:
    """Return what `--env` and `--unset` lay over the world's environment; raises UsageError for what is no variable."""
    changes: dict[str, str | None] = {}
    for text in arguments.env:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"--env is written NAME=VALUE, found {text!r} (NAME= empties, --unset NAME removes)")
        changes[name] = value
    for name in arguments.unset:
        if changes.get(name) is not None:
            raise UsageError(f"{name} is both set and unset; leave out one of them")
        changes[name] = None
    _check_names(list(changes))
    return changes


def _check_names(names: Sequence[str]) -> None:
    try:
        Environment(dict.fromkeys(names, ""))
    except ValueError as error:
        raise UsageError(str(error)) from None
