"""A small report for tests: three jobs of which some differ, are not ported, or rest on a made-up answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ci_port.model import Asked, Case, Execute, NotPorted, Observation, Place, Plan, RunFailed, Unanswered
from ci_port.parity import Collector, Report, Side, Subject, Subjects, judge, space_of
from ci_port.parity.findings import findings
from ci_port.parity.waivers import Use

MADE = "2026-11-20T12:00:00Z"
SUBJECTS = Subjects(
    Subject("scripts/test.sh", "1" * 64),
    Subject("port:main", "2" * 64),
    Subject("world.json", "3" * 64),
    Subject("ci-port 0.1.0", "4" * 64),
)


def job(config: str, build: str = "linux", id: str = "") -> Case:
    return Case(id or f"{build}/{config}", (("BUILD", build), ("CONFIG", config)))


def observed(file: str, *commands: str, status: int = 0, line: int = 10) -> Observation:
    steps = tuple(Execute(tuple(command.split())) for command in commands)
    places = tuple(Place(file, line + at, ("run_suite", "main")) for at in range(len(steps)))
    return Observation(Plan(steps, status), places, lines={file: frozenset(range(line, line + len(steps)))})


def script(case: Case) -> Observation:
    env = dict(case.env)
    if env["CONFIG"] == "broken":
        raise RunFailed("a device is opened", Place("scripts/test.sh", 7), "dd <x> | y")
    seen = observed("scripts/test.sh", "setup", f"run --suite {env['CONFIG']} --verbose", "finish")
    if env["CONFIG"] == "guess":
        probe = Unanswered(Asked.OUTPUT, ("nproc",), Place("scripts/test.sh", 3))
        return Observation(seen.plan, seen.places, (probe,), seen.lines)
    return seen


def port(case: Case) -> Observation:
    env = dict(case.env)
    if env["CONFIG"] == "new":
        raise NotPorted("the new arm")
    flag = "" if env["BUILD"] == "cuda" else " --verbose"
    return observed("port.py", "setup", f"run --suite {env['CONFIG']}{flag}", "finish")


GOOD = (job("unit"), job("lint"))
BAD = (job("unit"), job("unit", "cuda"), job("lint", "cuda"), job("new"), job("broken"), job("guess"))


def make(
    cases: Sequence[Case] = GOOD, *, name: str = "jobs", waivers: Iterable[Use] = (), control: Side = script
) -> Report:
    """Return the report of these cases."""
    collector = Collector()
    for case in cases:
        collector.add(name, judge(case, control, port))
    results = [entry.result for entry in collector.entries]
    return Report(
        made=MADE,
        version="0.1.0",
        subjects=SUBJECTS,
        axes=("BUILD", "CONFIG"),
        spaces=(space_of(name, cases),),
        entries=tuple(collector.entries),
        runs=tuple(collector.runs),
        findings=findings(results, {"HOME": "/srv"}, lambda case: judge(_whole(case), control, port)),
        waivers=tuple(waivers),
        coverage={"lines": collector.lines()},
        durations={"sweep": 1.25},
    )


def _whole(case: Case) -> Case:
    """Return the case with what the sides look at, where the search for the smallest case took it away."""
    env = {"BUILD": "", "CONFIG": "", **dict(case.env)}
    return Case(case.id, tuple(sorted(env.items())), case.world)
