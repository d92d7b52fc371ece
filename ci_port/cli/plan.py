"""`ci-port plan`: what one side would do, for one environment or for many."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ci_port.cli import options, status
from ci_port.cli.refused import tell, tell_wrong
from ci_port.cli.terminal import Progress, is_terminal, style_for
from ci_port.model import Case
from ci_port.model.errors import UsageError
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity import OpenSide
from ci_port.parity.planning import Attempt, attempts
from ci_port.parity.render.plan_text import plan_lines, warnings
from ci_port.project import sides
from ci_port.project.cases import load_cases

ABOUT = """\
Print the plan of one side: every command in order, with directory, redirections, changes of the environment,
and the place that it comes from.
"""
EXAMPLES = """\
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
  {prog} --impl shell --script ci/deploy.sh --world world.json --args 'check "a b"' --stdin yes
"""
COMMAND_LINE = "command-line"
_NAME = "ci-port"


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--impl", required=True, choices=("shell", "python"), help="the script, or its port")
    options.add_start_options(command)
    command.add_argument("--cases", metavar="FILE", help="cases, one JSON object a line; *.gz is unpacked, - is stdin")
    command.add_argument("--format", choices=("text", "json", "jsonl"), help="what to print (see below)")
    options.add_jobs_option(command)
    options.add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port plan` and return the exit status."""
    many = arguments.cases is not None
    cases = _cases(arguments)
    open_side, jobs = _side(arguments)
    write = _WRITERS[arguments.format or ("jsonl" if many else "text")]
    failed = write(_attempts(cases, open_side, jobs), many)
    return status.SIDE_FAILED if failed else status.SAME


def _cases(arguments: argparse.Namespace) -> list[Case]:
    changes = options.environment_changes(arguments)
    if arguments.cases is None:
        args = options.script_words(arguments.args)
        return [Case(COMMAND_LINE, tuple(sorted(changes.items())), None, args, arguments.stdin)]
    if arguments.args is not None or arguments.stdin is not None:
        raise UsageError("--args and --stdin are for one run; with --cases, each case says its own")
    cases = load_cases(arguments.cases)
    if not cases:
        raise UsageError(f"there is no case to plan: {arguments.cases} holds none")
    tell_wrong(cases)
    return [replace(case, env=tuple(sorted({**changes, **dict(case.env)}.items()))) for case in cases]


def _side(arguments: argparse.Namespace) -> tuple[OpenSide, int]:
    project = options.project_of(arguments)
    world = load_world(project.world)
    if arguments.impl == "shell":
        return sides.shell_side(project.script, world), options.workers(arguments)
    side = sides.python_side(project.port, world, project.script)
    # Planning in Python keeps one core busy by itself; threads would only take turns.
    return lambda: contextlib.nullcontext(side), 1


def _attempts(cases: Sequence[Case], open_side: OpenSide, jobs: int) -> Iterator[Attempt]:
    found = attempts(cases, open_side, jobs)
    # A bar between lines of output on one terminal would only be in the way.
    if is_terminal(sys.stdout):
        yield from found
        return
    with Progress(len(cases), "cases") as progress:
        for done, attempt in enumerate(found, 1):
            progress.update(done)
            yield attempt


def _write_text(attempts: Iterator[Attempt], many: bool) -> bool:
    style = style_for(sys.stdout)
    failed = False
    for number, attempt in enumerate(attempts):
        if many:
            print(("\n" if number else "") + style.bold(attempt.case.id))
        if attempt.observation is None:
            failed = True
            if not attempt.case.wrong:  # what is wrong was said when it was read
                tell([attempt.error], _NAME)
            continue
        for line in plan_lines(attempt.observation, style):
            print(line)
        sys.stdout.flush()
        tell(warnings(attempt.observation), _NAME)
    return failed


def _write_json(attempts: Iterator[Attempt], many: bool) -> bool:
    everything = list(attempts)
    if many:
        print(dumps([attempt.to_json() for attempt in everything]))
    elif everything[0].observation is not None:
        print(everything[0].plan.dumps())
        tell(warnings(everything[0].observation), _NAME)
    else:
        tell([everything[0].error], _NAME)
    return any(attempt.observation is None for attempt in everything)


def _write_lines(attempts: Iterator[Attempt], _many: bool) -> bool:
    failed = False
    for attempt in attempts:
        failed |= attempt.observation is None
        # Flushed line by line, so that a reader at the other end of a pipe can work along.
        print(dumps(attempt.to_json()), flush=True)
    return failed


_WRITERS: dict[str, Callable[[Iterator[Attempt], bool], bool]] = {
    "text": _write_text,
    "json": _write_json,
    "jsonl": _write_lines,
}
