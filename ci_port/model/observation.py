"""`Observation`: what one dry run showed. The plan is compared; everything else says where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_port.model.plan import Plan


class RunFailed(Exception):
    """A side could not say what it would do: something was not understood, not contained, or took too long.

    `place` says where (script, line, command); it is empty when the run did not get as far as a line.
    """

    def __init__(self, problem: str, place: Place | None = None, command: str = "") -> None:
        self.problem = problem
        self.place = place
        self.command = command
        where = f"{place}: " if place else ""
        super().__init__(where + problem + (f" (command: {command})" if command else ""))


class NotPorted(Exception):
    """The port has no function for this branch yet; a missing port is never an empty plan."""

    def __init__(self, branch: str) -> None:
        self.branch = branch
        super().__init__(f"not ported yet: {branch}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step comes from: a source position, and the function stack, innermost first."""

    file: str
    line: int
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" in {self.functions[0]}" if self.functions else "")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A probe (`captured`: its output is used; else its status decides) that no rule of the world speaks of."""

    argv: tuple[str, ...]
    place: Place
    captured: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """One run: its plan, the place of each step (same order), unanswered probes, executed lines per file.

    `messages` is the end of what the run printed on standard error: for people, when a run ends unexpectedly.
    """

    plan: Plan
    places: tuple[Place, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    messages: str = ""

    @property
    def trusted(self) -> bool:
        """Whether no captured output was made up: each such probe had a rule."""
        return not any(probe.captured for probe in self.unanswered)
