"""The subcommands, their options, and what each ending means."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import ci_port
from ci_port.cli import bundle, diff_plan, drift, evidence, gate, inventory, lock, parity, plan, report, run, status
from ci_port.cli.options import add_jobs_option, add_project_options
from ci_port.cli.rendering import FORMATS
from ci_port.cli.status import CannotRun, UsageError
from ci_port.model import DataError, RunFailed

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
_PLAN = """\
Print the plan of one side: every command in order, with directory, redirections, changes of the environment,
and the place that it comes from.
"""
_PLAN_EXAMPLES = """\
The environment is the world's, with --env laid over it; a case's own `env` is laid over that.

output:
  text   one step a line (default); behind `#` its directory, exit status, changed variables and place
  json   the plan as one JSON object; with --cases, a list of them
  jsonl  {{"id":...,"plan":...}}, one line a case, in the order of the cases (default with --cases);
         a case that fails has {{"id":...,"error":...}} instead, and the exit status is 4

examples:
  {prog} --impl shell --env BUILD_ENVIRONMENT=linux-jammy-py3.10-gcc11 --env TEST_CONFIG=default \\
      --env SHARD_NUMBER=1 --env NUM_TEST_SHARDS=5
  {prog} --impl python --cases tests/parity/recorded/job.jsonl.gz > plans.jsonl
  echo '{{"id":"mine","env":{{"TEST_CONFIG":"smoke"}}}}' | {prog} --impl shell --cases -
  {prog} --impl shell --script ~/pytorch/.ci/pytorch/test.sh --env TEST_CONFIG=smoke
"""
_PARITY = """\
Run both sides dry in every case and compare the plans: same commands, same order, same environment, same
directory, same redirections, same exit status.

Without --cases the cases are all of CI's own jobs.
"""
_PARITY_EXAMPLES = """\
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


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    prog = os.environ.get("CI_PORT_COMMAND", parity.COMMAND)
    top = argparse.ArgumentParser(
        prog=prog,
        description=_ABOUT,
        epilog=_EXAMPLES.format(prog=prog) + "\n" + _STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"ci-port {ci_port.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_plan(commands)
    _add_parity(commands)
    inventory.add(
        _command(commands, "inventory", "what is in the script, and its twin", inventory.ABOUT, inventory.EXAMPLES)
    )
    run.add(_command(commands, "run", "run a CI job with the port", run.ABOUT, run.EXAMPLES))
    lock.add(_command(commands, "lock", "write down what the port was verified against", lock.ABOUT, lock.EXAMPLES))
    bundle.add(_command(commands, "bundle", "one file with all that CI needs", bundle.ABOUT, bundle.EXAMPLES))
    diff_plan.add(
        _command(commands, "diff-plan", "what a change does to the plans", diff_plan.ABOUT, diff_plan.EXAMPLES)
    )
    drift.add(_command(commands, "drift", "the script moved: what the port lacks", drift.ABOUT, drift.EXAMPLES))
    report.add(_command(commands, "report", "a report in another form", report.ABOUT, report.EXAMPLES))
    gate.add(_command(commands, "gate", "may a phase of the rollout start?", gate.ABOUT, gate.EXAMPLES))
    evidence.add(
        _command(
            commands, "evidence", "keep run records, and show what they add up to", evidence.ABOUT, evidence.EXAMPLES
        )
    )
    return top


def _add_plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "plan", "what one side would do", _PLAN, _PLAN_EXAMPLES)
    command.set_defaults(run=plan.run)
    command.add_argument("--impl", required=True, choices=("shell", "python"), help="the script, or its port")
    command.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="set a variable; NAME= empties it"
    )
    command.add_argument("--unset", action="append", default=[], metavar="NAME", help="remove a variable")
    command.add_argument("--cases", metavar="FILE", help="cases, one JSON object a line; *.gz is unpacked, - is stdin")
    command.add_argument("--format", choices=("text", "json", "jsonl"), help="what to print (see below)")
    add_jobs_option(command)
    add_project_options(command)


def _add_parity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "parity", "compare the two sides", _PARITY, _PARITY_EXAMPLES)
    command.set_defaults(run=parity.run)
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--format", choices=FORMATS, default="text", help="what to print (default: text)")
    command.add_argument(
        "--fail-each-step", action="store_true", help="in each environment, let every command fail in turn"
    )
    command.add_argument("--space", nargs="+", metavar="NAME", help="spaces of the project; `jobs` are CI's own jobs")
    command.add_argument("--report", metavar="FILE", help="write everything that was found to a JSON file")
    add_jobs_option(command)
    add_project_options(command)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str, about: str, examples: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=help, description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.epilog = examples.format(prog=command.prog) + "\n" + _STATUSES
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit status; errors are said on standard error."""
    try:
        arguments = parser().parse_args(argv)
        result: int = arguments.run(arguments)
        sys.stdout.flush()
        return result
    except SystemExit as end:  # argparse: 0 after --help, 2 after a usage error
        return end.code if isinstance(end.code, int) else status.USAGE
    except (UsageError, DataError) as error:
        return _ended(str(error), status.USAGE)
    except CannotRun as error:
        return _ended(str(error), status.CANNOT_RUN_HERE)
    except RunFailed as error:
        return _ended(str(error), status.SIDE_FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", status.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read along has gone; what is still to be written at exit has nowhere to go either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status.BROKEN_PIPE


def _ended(problem: str, code: int) -> int:
    print(f"{os.environ.get('CI_PORT_COMMAND', parity.COMMAND)}: {problem}", file=sys.stderr)
    return code


def entry() -> NoReturn:
    """Run as a program: text that is not UTF-8 is shown as bytes, and a TERM cleans up as a Ctrl-C does."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main())


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
