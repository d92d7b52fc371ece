"""A plan for a terminal, and what is to be said about how it came about."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.bash.quoting import quoted
from ci_port.model import Observation, Unanswered
from ci_port.parity.places import place_text
from ci_port.parity.render.style import Style
from ci_port.parity.wording import command_words, notes

_BESIDE = 64
_SHOWN = 5


def plan_lines(observation: Observation, style: Style) -> Iterator[str]:
    """Yield the plan, one step a line: number, command, and behind `#` what stands beside it and its place."""
    steps = observation.plan.steps
    digits = len(str(len(steps)))
    for number, step in enumerate(steps, 1):
        place = observation.places[number - 1] if number <= len(observation.places) else None
        remarks = [*notes(step), *([place_text(place)] if place else [])]
        command = " ".join(command_words(step))
        beside = style.dim("  # " + "; ".join(remarks)) if remarks else ""
        yield f"{number:{digits}}  {command:<{_BESIDE if beside else 0}}{beside}"
    yield style.bold(f"exit {observation.plan.status}")


def probe_text(probe: Unanswered) -> str:
    """Return a probe that no rule speaks of, and where it stands."""
    return f"{' '.join(quoted(word) for word in probe.argv)} ({place_text(probe.place)})"


def warnings(observation: Observation) -> Iterator[str]:
    """Yield which answers were made up (a plan that rests on one is not to be trusted), and how the script ended."""
    for probe in _probes(observation, captured=True)[:_SHOWN]:
        yield f"untrusted: no rule of the world answers {probe}; its output was taken as empty"
    if deciding := _probes(observation, captured=False):
        more = f" and {len(deciding) - _SHOWN} more" if len(deciding) > _SHOWN else ""
        listed = "; ".join(deciding[:_SHOWN]) + more
        yield f"no rule of the world says whether these fail; each was taken to succeed: {listed}"
    if observation.plan.status:
        # Lines with a leading `+` are the trace of `set -x`, and say nothing that the plan does not.
        said = [line for line in observation.messages.split("\n") if line.strip() and not line.startswith("+")]
        yield from (f"the script said: {line}" for line in said[-_SHOWN:])


def _probes(observation: Observation, captured: bool) -> list[str]:
    return list(dict.fromkeys(probe_text(probe) for probe in observation.unanswered if probe.captured is captured))
