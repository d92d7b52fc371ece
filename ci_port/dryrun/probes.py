"""What is unanswered in a run: what was asked, less the statuses that decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ci_port.model import Asked, Place, Unanswered


@dataclass(frozen=True, slots=True)
class Call:
    """A command that ran: its words, and where: file, line and function, innermost first, with each caller behind.

    `errexit` and `pipefail`: what was in force.
    """

    argv: tuple[str, ...]
    frames: tuple[tuple[str, int, str], ...]
    errexit: bool
    pipefail: bool


TextOf = Callable[[str], "str | None"]
"""The text of a script by the name that a frame has; None where it is not known, as for one that the run has made."""
Decides = Callable[[Call, TextOf], bool]
"""Whether the status of a command selects what the script does next; whoever has the script's tree can tell."""


def every_status(call: Call, text_of: TextOf) -> bool:
    """Return True: without the script's tree, any status may decide."""
    del call, text_of
    return True


def unanswered(asked: Iterable[Mapping[str, Any]], decides: Decides, text_of: TextOf) -> tuple[Unanswered, ...]:
    """Return what costs trust, each thing once; `asked` is what a worker has found (`worker.Worker`)."""
    found = (
        Unanswered(Asked(each["what"]), tuple(each["subject"]), _place(each["place"]))
        for each in asked
        if "decider" not in each or decides(_call(each["decider"]), text_of)
    )
    return tuple(dict.fromkeys(found))


def _call(fields: Mapping[str, Any]) -> Call:
    frames = tuple((file, line, function) for file, line, function in fields["frames"])
    return Call(tuple(fields["argv"]), frames, fields["errexit"], fields["pipefail"])


def _place(fields: Sequence[Any]) -> Place:
    file, line, functions = fields
    return Place(file, line, tuple(functions))
