"""Programs that plan without being run: the lines of the script, or of the port's `port.py`, are its commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ci_port.model import Case, Execute, Plan, RunFailed
from ci_port.review.cache import Cache
from ci_port.review.plansets import Planned, PlanSet
from ci_port.review.programs import Program, Work

CASES = [Case("unit", ()), Case("lint", ())]


class Asked:
    """Counts how often either program was asked, and for which cases."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str]]] = []

    def plans(self, path: Path, cases: Sequence[Case]) -> PlanSet:
        """Plan each line of the file, as it stands; the job's id is the last word."""
        self.calls.append((path.name, [case.id for case in cases]))
        text = _text(path)
        if "broken" in text:
            raise RunFailed("it is broken")
        return {case.id: Planned(_plan(text, case.id), {path.name: frozenset({1})}) for case in cases}


def _text(path: Path) -> str:
    return (path / "port.py" if path.is_dir() else path).read_text()


def _plan(text: str, id: str) -> Plan:
    return Plan(tuple(Execute((*line.split(), id)) for line in text.splitlines() if not line.startswith("#")), 0)


def work(
    asked: Asked, script: Path, port_file: Callable[[], Path | None] = lambda: None, cache: Path | None = None
) -> Work:
    """Return the work of comparing such programs."""

    def key(path: Path) -> list[str]:
        return ["port" if path.is_dir() else path.name, _text(path)]

    return Work(
        script=Program(str(script), key, asked.plans),
        script_file=script,
        port=Program("port:main", key, asked.plans),
        port_file=port_file,
        cases=CASES,
        about="about",
        cache=Cache(cache),
    )
