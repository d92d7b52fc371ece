"""A plan for a terminal, and what is to be said about how it came about."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.model import Execute, Observation, Place, Step
from ci_port.parity.places import place_text
from ci_port.parity.render.style import Style
from ci_port.parity.wording import command_words, guess, notes

_BESIDE = 64
_SHOWN = 5


def plan_lines(observation: Observation, style: Style) -> Iterator[str]:
    """Yield the plan, one step a line: number, command, and behind `#` what stands beside it and its place."""
    steps = observation.plan.steps
    digits = len(str(len(steps)))
    for number, step in enumerate(steps, 1):
        place = observation.places[number - 1] if number <= len(observation.places) else None
        yield _plan_line(f"{number:{digits}}", step, place, style)
        yield from _inner_lines(f"{number:{digits}}", step, style)
    yield style.bold(f"exit {observation.plan.status}")


def _inner_lines(before: str, step: Step, style: Style) -> Iterator[str]:
    """Yield the steps of a script that is followed, which have the script's own number before theirs."""
    for number, inner in enumerate(step.steps if isinstance(step, Execute) else (), 1):
        yield _plan_line(f"{before}.{number}", inner, None, style)
        yield from _inner_lines(f"{before}.{number}", inner, style)


def _plan_line(number: str, step: Step, place: Place | None, style: Style) -> str:
    remarks = [*notes(step), *([place_text(place)] if place else [])]
    command = " ".join(command_words(step))
    beside = style.dim("  # " + "; ".join(remarks)) if remarks else ""
    return f"{number}  {command:<{_BESIDE if beside else 0}}{beside}"


def warnings(observation: Observation) -> Iterator[str]:
    """Yield what nothing settles (a plan that rests on a guess is not to be trusted), and how the script ended."""
    yield from observation.remarks
    guesses = {f"{guess(probe)} ({place_text(probe.place)})": probe.paste for probe in observation.unanswered}
    for made_up, paste in list(guesses.items())[:_SHOWN]:
        yield f"untrusted: {made_up}; to settle it: {paste}"
    if len(guesses) > _SHOWN:
        yield f"untrusted: {len(guesses) - _SHOWN} more of the kind"
    if observation.plan.status:
        # Lines with a leading `+` are the trace of `set -x`, and say nothing that the plan does not.
        said = [line for line in observation.messages.split("\n") if line.strip() and not line.startswith("+")]
        said = [*observation.output.rstrip("\n").split("\n")[-_SHOWN:], *said] if observation.output else said
        yield from (f"the script said: {line}" for line in said[-_SHOWN:])
