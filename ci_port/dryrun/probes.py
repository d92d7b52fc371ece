"""Which steps are probes: their output is captured, or their status decides what the script does next."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ci_port.dryrun.sources import Sources
from ci_port.model import Asked, Execute, Place, Step, Unanswered

_TESTED = re.compile(r"^\s*(?:if|elif|while|until)\b|^\s*!\s")
_JOINED = re.compile(r"&&|\|\|")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# `cmd || true` asks nothing: whatever the status, the script goes on the same way.
_TOLERATED = re.compile(r"\|\|\s*(?:true|:)\s*(?:#.*)?$")


def decides(line: str, name: str = "") -> bool:
    """Return whether the status of the command `name` in this line of a script selects what happens next.

    The last command of a list `a && b` selects nothing: it only ends the list. A name that the line does not spell
    (`"$@"`, a variable) is held to be its first command.
    """
    plain = _QUOTED.sub(lambda match: "_" * len(match[0]), line)
    if _TOLERATED.search(plain):
        return False
    rest = plain[max(0, plain.find(name)) :]
    return bool(_TESTED.search(plain) or _JOINED.search(rest))


def unanswered(
    steps: Iterable[Step], places: Iterable[Place], answered: Iterable[bool], sources: Sources
) -> tuple[Unanswered, ...]:
    """Return the probes without a rule."""
    found = []
    for step, place, known in zip(steps, places, answered, strict=True):
        if known or not isinstance(step, Execute):
            continue
        captured = step.stdout == "pipe"
        if captured or decides(sources.line(place.file, place.line), step.argv[0]):
            found.append(Unanswered(Asked.OUTPUT if captured else Asked.STATUS, step.argv, place))
    return tuple(found)
