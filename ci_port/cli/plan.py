"""`ci-port plan`: what one side would do, for one environment or for many."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ci_port.cli import status
from ci_port.cli.cases import load_cases
from ci_port.cli.options import environment_changes, jobs_of, project_of
from ci_port.cli.sides import OpenSide, python_side, shell_side
from ci_port.cli.terminal import Progress, is_terminal, style_for
from ci_port.cli.text import place_text, plan_lines
from ci_port.model import Case, NotPorted, Observation, RunFailed
from ci_port.model.plan import Plan, bare, dumps
from ci_port.model.world import load_world
from ci_port.parity import ordered
from ci_port.parity.wording import guess

COMMAND_LINE = "command-line"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: an observation, or the reason why there is none."""

    case: Case
    observation: Observation | None
    error: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the line of the recorded format, or that of an error."""
        if self.observation is None:
            return {"id": self.case.id, "error": self.error}
        return {"id": self.case.id, "plan": self.plan.to_json()}

    @property
    def plan(self) -> Plan:
        """The plan as it is written: in a world of version 1 in the form of the recorded cases."""
        assert self.observation is not None
        return self.observation.plan if self.observation.version >= 2 else bare(self.observation.plan)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port plan` and return the exit status."""
    many = arguments.cases is not None
    cases = _cases(arguments)
    open_side, jobs = _side(arguments)
    write = _WRITERS[arguments.format or ("jsonl" if many else "text")]
    failed = write(_outcomes(cases, open_side, jobs), many)
    return status.SIDE_FAILED if failed else status.SAME


def _cases(arguments: argparse.Namespace) -> list[Case]:
    changes = environment_changes(arguments)
    if arguments.cases is None:
        return [Case(COMMAND_LINE, tuple(sorted(changes.items())))]
    cases = load_cases(arguments.cases)
    return [replace(case, env=tuple(sorted({**changes, **dict(case.env)}.items()))) for case in cases]


def _side(arguments: argparse.Namespace) -> tuple[OpenSide, int]:
    project = project_of(arguments)
    world = load_world(project.world)
    if arguments.impl == "shell":
        return shell_side(project.script, world), jobs_of(arguments)
    side = python_side(project.port, world)
    # Planning in Python keeps one core busy by itself; threads would only take turns.
    return lambda: contextlib.nullcontext(side), 1


def _outcomes(cases: Sequence[Case], open_side: OpenSide, jobs: int) -> Iterator[Outcome]:
    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Outcome]]:
        with open_side() as side:
            yield lambda case: _outcome(case, side)

    outcomes = ordered(cases, open_worker, jobs)
    # A bar between lines of output on one terminal would only be in the way.
    if is_terminal(sys.stdout):
        yield from outcomes
        return
    with Progress(len(cases), "cases") as progress:
        for done, outcome in enumerate(outcomes, 1):
            progress.update(done)
            yield outcome


def _outcome(case: Case, side: Callable[[Case], Observation]) -> Outcome:
    try:
        return Outcome(case, side(case))
    except (NotPorted, RunFailed) as error:
        return Outcome(case, None, str(error))
    except Exception as error:  # noqa: BLE001  # a bug of one side in one case; the other cases still have plans
        return Outcome(case, None, f"{type(error).__name__}: {error}")


def _write_text(outcomes: Iterator[Outcome], many: bool) -> bool:
    style = style_for(sys.stdout)
    failed = False
    for number, outcome in enumerate(outcomes):
        if many:
            print(("\n" if number else "") + style.bold(outcome.case.id))
        if outcome.observation is None:
            failed = True
            _complain(outcome.error)
            continue
        for line in plan_lines(outcome.observation, style):
            print(line)
        sys.stdout.flush()
        _warn_of_probes(outcome.observation)
    return failed


def _write_json(outcomes: Iterator[Outcome], many: bool) -> bool:
    everything = list(outcomes)
    if many:
        print(dumps([outcome.to_json() for outcome in everything]))
    elif everything[0].observation is not None:
        print(everything[0].plan.dumps())
        _warn_of_probes(everything[0].observation)
    else:
        _complain(everything[0].error)
    return any(outcome.observation is None for outcome in everything)


def _write_lines(outcomes: Iterator[Outcome], _many: bool) -> bool:
    failed = False
    for outcome in outcomes:
        failed |= outcome.observation is None
        # Flushed line by line, so that a reader at the other end of a pipe can work along.
        print(dumps(outcome.to_json()), flush=True)
    return failed


_WRITERS: dict[str, Callable[[Iterator[Outcome], bool], bool]] = {
    "text": _write_text,
    "json": _write_json,
    "jsonl": _write_lines,
}


def _complain(problem: str) -> None:
    print(f"ci-port: {problem}", file=sys.stderr)


def _warn_of_probes(observation: Observation) -> None:
    """Say which answers were made up (a plan that rests on one is not to be trusted), and how the script ended."""
    for remark in observation.remarks:
        _complain(remark)
    guesses = {f"{guess(probe)} ({place_text(probe.place)})": probe.paste for probe in observation.unanswered}
    for made_up, paste in list(guesses.items())[:_SHOWN]:
        _complain(f"untrusted: {made_up}; to settle it: {paste}")
    if len(guesses) > _SHOWN:
        _complain(f"untrusted: {len(guesses) - _SHOWN} more of the kind")
    if observation.plan.status:
        # Lines with a leading `+` are the trace of `set -x`, and say nothing that the plan does not.
        said = [line for line in observation.messages.split("\n") if line.strip() and not line.startswith("+")]
        for line in said[-_SHOWN:]:
            _complain(f"the script said: {line}")


_SHOWN = 5
