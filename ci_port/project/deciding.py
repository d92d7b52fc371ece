"""Which statuses decide: what the recorder saw, held against the script's tree."""

from __future__ import annotations

import weakref
from types import MethodType

from ci_port.dryrun.probes import Call, TextOf
from ci_port.shell.decisions import Decisions
from ci_port.shell.frames import Frame


class Deciding:
    """Answers for one recorder; a script is read once for all runs in which it is the same."""

    def __init__(self) -> None:
        self._read: weakref.WeakKeyDictionary[object, Decisions] = weakref.WeakKeyDictionary()

    def __call__(self, call: Call, text_of: TextOf) -> bool:
        """Return whether the status of a command selects what the script does next."""
        frames = [Frame(file, line, function) for file, line, function in call.frames]
        decisions = self._decisions(text_of)
        return decisions.decides(call.argv, frames, errexit=call.errexit, pipefail=call.pipefail)

    def _decisions(self, text_of: TextOf) -> Decisions:
        owner = text_of.__self__ if isinstance(text_of, MethodType) else text_of
        if owner not in self._read:
            self._read[owner] = Decisions(_text(text_of))
        return self._read[owner]


def _text(text_of: TextOf) -> TextOf:
    """Return the same without holding its owner, by which its texts are remembered here."""
    if not isinstance(text_of, MethodType):
        return text_of
    method = weakref.WeakMethod(text_of)

    def text(file: str) -> str | None:
        found = method()
        return found(file) if found else None

    return text
