"""Which steps are probes: their output is captured, or their status decides what the script does next."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_port.dryrun.sources import Sources
from ci_port.model import Execute, Place, Step, Unanswered

_DECIDES = re.compile(r"^\s*(?:if|elif|while|until)\b|^\s*!\s|&&|\|\|")
# `cmd || true` asks nothing: whatever the status, the script goes on the same way.
_TOLERATED = re.compile(r"\|\|\s*(?:true|:)\s*(?:#.*)?$")


def decides(line: str) -> bool:
    """Return whether the status of a command in this line of a script selects what happens next."""
    return bool(_DECIDES.search(line)) and not _TOLERATED.search(line)


def unanswered(
    steps: Iterable[Step], places: Iterable[Place], answered: Iterable[bool], sources: Sources
) -> tuple[Unanswered, ...]:
    """Return the probes without a rule."""
    found = []
    for step, place, known in zip(steps, places, answered, strict=True):
        if known or not isinstance(step, Execute):
            continue
        captured = step.stdout == "pipe"
        if captured or decides(sources.line(place.file, place.line)):
            found.append(Unanswered(step.argv, place, captured))
    return tuple(found)
