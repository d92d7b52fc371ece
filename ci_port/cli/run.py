"""`ci-port run`: what CI starts, `python -m ci_port.runner`, from the command line."""

from __future__ import annotations

import argparse

ABOUT = "Run the job that the environment describes, as CI does: `python -m ci_port.runner`."
EXAMPLES = """\
examples:
  BUILD_ENVIRONMENT=linux TEST_CONFIG=smoke {prog} --dry-run
  USE_PYTHON_TEST_RUNNER=1 {prog} --verbose --record run.jsonl
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options; the runner itself reads them."""
    command.add_argument("--dry-run", action="store_true", help="print what the port would run, and run nothing")
    command.add_argument("--verbose", action="store_true", help="say which side runs, and why")
    command.add_argument("--phase", metavar="PHASE", help="as if this phase of the rollout were in force")
    command.add_argument("--record", metavar="FILE", help="append what happened as one line of JSON")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--fallback-on-error", action="store_true", help="bash takes over on trouble (default)")
    how.add_argument("--no-fallback", action="store_true", help="end with status 71 instead")


def run(arguments: argparse.Namespace) -> int:
    """Become the runner, and return the job's exit status if it did not become bash."""
    from ci_port.runner.__main__ import SCRIPT
    from ci_port.runner.main import main

    flags = [f"--{name.replace('_', '-')}" for name in _FLAGS if getattr(arguments, name)]
    values = [
        word for name in ("phase", "record") if (value := getattr(arguments, name)) for word in (f"--{name}", value)
    ]
    return main([*flags, *values], SCRIPT)


_FLAGS = ("dry_run", "verbose", "fallback_on_error", "no_fallback")
