"""The phases of a rollout, as `rollout.toml` has them: which jobs each switches on, and what its gate asks for.

The runner reads this too, so: standard library only, and nothing of this room but this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_port.bash import pattern
from ci_port.model import DataError, Fields
from ci_port.model.reading import read_text
from ci_port.model.toml import TomlDocument

VERSION = 1


@dataclass(frozen=True, slots=True)
class Selector:
    """Jobs: every variable that is named has a value that one of its globs (bash's) matches; unset is empty."""

    globs: tuple[tuple[str, tuple[str, ...]], ...]

    def selects(self, environment: Mapping[str, str | None]) -> bool:
        """Return whether a job with this environment is one of them."""
        return all(_any(globs, environment.get(name) or "") for name, globs in self.globs)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {' or '.join(globs)}" for name, globs in self.globs)


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold before a phase may start; every figure is a limit that may be reached.

    `spaces` are the sets of cases that the report must cover whole, beside the phase's own jobs. Evidence counts if
    it is at most `window_days` old: shadow runs of all jobs up to this phase, live runs of those of earlier phases.
    """

    report_days: int
    spaces: tuple[str, ...] = ()
    window_days: int = 0
    shadow_runs: int = 0
    live_runs: int = 0
    max_fallback_percent: float = 0.0
    max_mismatch_percent: float = 0.0

    @property
    def needs_evidence(self) -> bool:
        """Whether runs are asked for at all."""
        return self.shadow_runs > 0 or self.live_runs > 0


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the rollout. It switches on its own jobs and those of all phases before it."""

    id: str
    name: str
    about: str
    jobs: tuple[Selector, ...]
    gate: Gate | None

    def __str__(self) -> str:
        return f"{self.id} ({self.name})"


@dataclass(frozen=True, slots=True)
class Rollout:
    """All phases, in order, and the one that is in force."""

    phases: tuple[Phase, ...]
    current: Phase

    def find(self, text: str) -> Phase:
        """Return the phase with this id or name; a number alone (`2`) is all of that phase: the last of 2.1, 2.2, ...

        Raises LookupError, with the phases that there are.
        """
        exact = [phase for phase in self.phases if text in (phase.id, phase.name)]
        stages = [phase for phase in self.phases if phase.id.partition(".")[0] == text]
        if not exact and not stages:
            known = ", ".join(str(phase) for phase in self.phases)
            raise LookupError(f"there is no phase {text!r}; the phases are {known}")
        return (exact or stages)[-1]

    def upto(self, phase: Phase) -> tuple[Phase, ...]:
        """Return the phases up to and including this one."""
        return self.phases[: self.phases.index(phase) + 1]

    def selectors(self, phase: Phase) -> Iterator[Selector]:
        """Yield what is switched on in this phase, that of earlier phases included."""
        for earlier in self.upto(phase):
            yield from earlier.jobs

    def switched_on(self, phase: Phase, environment: Mapping[str, str | None]) -> bool:
        """Return whether the port runs this job in this phase."""
        return any(selector.selects(environment) for selector in self.selectors(phase))

    def first_phase(self, environment: Mapping[str, str | None]) -> Phase | None:
        """Return the phase that switches this job on, None if none does."""
        for phase in self.phases:
            if any(selector.selects(environment) for selector in phase.jobs):
                return phase
        return None


def load_rollout(path: Path) -> Rollout:
    """Return the rollout of a file; raises DataError with file, line and field."""
    return read_rollout(read_text(path), str(path))


def read_rollout(text: str, source: str) -> Rollout:
    """Return the rollout of a text; raises DataError with file, line and field."""
    fields = TomlDocument(text, source).parse()
    version = fields.integer("version")
    if version != VERSION:
        raise fields.error("version", f"version {VERSION} is expected, found {version}")
    phases = tuple(_phase(phase) for phase in fields.objects("phase"))
    if not phases:
        raise fields.error("phase", "there is no phase")
    _check_unique(fields, phases)
    current = fields.text("current")
    fields.finish()
    try:
        return Rollout(phases, Rollout(phases, phases[0]).find(current))
    except LookupError as error:
        raise fields.error("current", str(error)) from None


def _phase(fields: Fields) -> Phase:
    phase = Phase(
        id=fields.text("id"),
        name=fields.text("name"),
        about=fields.text("about", ""),
        jobs=tuple(_selector(selector) for selector in fields.objects("jobs", [])),
        gate=_gate(fields.object("gate")) if fields.has("gate") else None,
    )
    if not all(selector.globs for selector in phase.jobs):
        raise fields.error("jobs", 'a selector names at least one variable; every job is { NAME = "*" }')
    if phase.jobs and phase.gate is None:
        raise fields.error("gate", f"phase {phase.id} switches jobs on and has no gate")
    fields.finish()
    return phase


def _selector(fields: Fields) -> Selector:
    globs = tuple((name, _globs(fields, name)) for name in fields.names())
    return Selector(globs)


def _globs(fields: Fields, name: str) -> tuple[str, ...]:
    globs = fields.text_or_texts(name)
    if not globs:
        raise fields.error(name, "at least one glob is expected")
    for glob in globs:
        try:
            pattern.compile_pattern(glob)
        except ValueError as error:
            raise fields.error(name, str(error)) from None
    return tuple(globs)


def _gate(fields: Fields) -> Gate:
    gate = Gate(
        report_days=_count(fields, "report_days"),
        spaces=tuple(fields.texts("spaces", [])),
        window_days=_count(fields, "window_days", 0),
        shadow_runs=_count(fields, "shadow_runs", 0),
        live_runs=_count(fields, "live_runs", 0),
        max_fallback_percent=_percent(fields, "max_fallback_percent"),
        max_mismatch_percent=_percent(fields, "max_mismatch_percent"),
    )
    if gate.needs_evidence and not gate.window_days:
        raise fields.error("window_days", "how old the runs may be is missing; runs are asked for")
    fields.finish()
    return gate


def _count(fields: Fields, name: str, *default: int) -> int:
    value = fields.integer(name, *default)
    if value < 0:
        raise fields.error(name, f"a number from 0 is expected, found {value}")
    return value


def _percent(fields: Fields, name: str) -> float:
    value = fields.number(name, 0.0)
    if not 0 <= value <= 100:
        raise fields.error(name, f"a percentage from 0 to 100 is expected, found {value}")
    return value


def _check_unique(fields: Fields, phases: Iterable[Phase]) -> None:
    seen: set[str] = set()
    for phase in phases:
        for word in dict.fromkeys((phase.id, phase.name)):
            if word in seen:
                raise fields.error("phase", f"{word!r} names two phases")
            seen.add(word)


def _any(globs: Iterable[str], value: str) -> bool:
    return any(pattern.matches(glob, value) for glob in globs)


__all__ = ["DataError", "Gate", "Phase", "Rollout", "Selector", "load_rollout", "read_rollout"]
