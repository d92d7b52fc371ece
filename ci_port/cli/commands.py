"""The commands: one table, from which the parser and the help are made.

A command is a row here and a module of this room with ABOUT and EXAMPLES for its help, `add` for its options and `run`,
which returns the exit status. A module is imported only when its command is called.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from typing import NamedTuple

import ci_port
from ci_port.cli.name import command_name


class Command(NamedTuple):
    """One command: its name, one line of help, and its module in this room."""

    name: str
    help: str
    module: str


COMMANDS = (
    Command("plan", "what one side would do", "plan"),
    Command("parity", "compare the two sides", "parity"),
    Command("inventory", "what is in the script, and its twin", "inventory"),
    Command("run", "run a CI job with the port", "run"),
    Command("lock", "write down what the port was verified against", "lock"),
    Command("bundle", "one file with all that CI needs", "bundle"),
    Command("diff-plan", "what a change does to the plans", "diff_plan"),
    Command("drift", "the script moved: what the port lacks", "drift"),
    Command("report", "a report in another form", "report"),
    Command("gate", "may a phase of the rollout start?", "gate"),
    Command("evidence", "keep run records, and show what they add up to", "evidence"),
)

_STATUSES = """\
exit status:
  0  done; parity: every case is the same
  1  parity, diff-plan, drift: some case is different, not ported, or untrusted; evidence: a record was refused;
      inventory --trace: some part is missing or stale
  2  the command line, or a file that it names, is not what it should be
  3  this machine cannot run it: not Linux, no C compiler, bash older than 4.4;
     inventory --strict: something in the script was not understood
  4  a side failed: a plan could not be made
  5  gate: the phase may not start
"""
_ABOUT = """\
Show that a bash CI script and its Python port would run the same commands.

Neither side executes anything: the script runs under real bash with nothing let out, the port plans.
"""
_EXAMPLES = """\
examples:
  {prog} parity
      compare both sides on every job that CI runs
  {prog} plan --impl shell --env TEST_CONFIG=smoke --env BUILD_ENVIRONMENT=linux
      what the script would do in this environment
  {prog} COMMAND --help
      options and more examples
"""


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for a command line: all commands are in its help, the one that is called is in it whole."""
    prog = command_name()
    top = argparse.ArgumentParser(
        prog=prog,
        description=_ABOUT,
        epilog=_EXAMPLES.format(prog=prog) + "\n" + _STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ci-port {ci_port.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    # No option before the command takes a value, so the first word that is no option is the command.
    called = next((word for word in words if not word.startswith("-")), None)
    for command in COMMANDS:
        one = commands.add_parser(command.name, help=command.help, formatter_class=argparse.RawDescriptionHelpFormatter)
        if command.name == called:
            _fill(one, command)
    return top


def _fill(one: argparse.ArgumentParser, command: Command) -> None:
    module = importlib.import_module(f"{__package__}.{command.module}")
    one.description = module.ABOUT
    one.epilog = module.EXAMPLES.format(prog=one.prog) + "\n" + _STATUSES
    one.set_defaults(run=module.run)
    module.add(one)
