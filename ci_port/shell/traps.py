"""Which traps of a script have a say in what a failing command does (bash manual, "Bourne Shell Builtins", `trap`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ci_port.bash import words
from ci_port.shell.asking import Asking, reads
from ci_port.shell.positions import File, Member
from ci_port.shell.source import SyntaxFault

_OPTION = re.compile(r"-[lp]+")
_ASKS = re.compile(r"\$\{?\?|PIPESTATUS")


@dataclass(frozen=True, slots=True)
class Traps:
    """`failing`: an ERR trap does something. Which of the others begin by asking for `$?`: at the end of a shell, at
    the end of a function or sourced file, before each command."""

    failing: bool = False
    ending: bool = False
    returning: bool = False
    each: bool = False


def traps_of(files: Iterable[File], asking: Asking) -> Traps:
    """Return what the `trap` commands of the files come to, taken together.

    A signal that only a run knows is held to be any but ERR and DEBUG: a loop over names is one over signals.
    """
    failing: set[str] = set()
    asked: set[str] = set()
    for file in files:
        for member in file.named("trap"):
            for handler, signal in _set_by(member):
                failing.add(signal)
                if signal not in asked and _asks(handler, asking):
                    asked.add(signal)
    return Traps("ERR" in failing, bool(asked & {"EXIT", ""}), bool(asked & {"RETURN", ""}), "DEBUG" in asked)


def _set_by(member: Member) -> Iterator[tuple[str, str]]:
    """Yield the handlers, as written, that a `trap` sets and their signals; an unknown one is empty."""
    raw, known = member.raw()[1:], list(member.command[1:])
    if known and known[0] == "--":
        raw, known = raw[1:], known[1:]
    # With one word alone, and with `-`, the signal is as it was before; an empty handler ignores it.
    if len(raw) < 2 or known[0] in ("", "-") or _OPTION.fullmatch(known[0] or ""):
        return
    for signal in known[1:]:
        name = (signal or "").upper().removeprefix("SIG")
        yield raw[0], "EXIT" if name == "0" else name


def _asks(handler: str, asking: Asking) -> bool:
    text = words.literal(handler)
    if text is None and handler[:1] == handler[-1:] == '"':
        # What bash expands when it sets the trap is text by then; what it leaves is `\$`.
        text = re.sub(r"\\([$`\"\\])", r"\1", handler[1:-1])
    if text is None:
        return True
    try:
        return reads(asking.of_body(File(text).script))
    except (SyntaxFault, RecursionError):
        return _ASKS.search(text) is not None
