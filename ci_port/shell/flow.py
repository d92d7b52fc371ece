"""The ways through a body of commands: what the shell may start after what, and what each way says about the branches.

One automaton for each stretch of text that one process runs at one level of calls: a script, a function, a
substitution, a subshell. It moves with each command that the shell starts, and with each process that works for it;
between them lie marks: a branch is taken or passed by, a pipeline has succeeded or failed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ci_port.shell.positions import Member
from ci_port.shell.shown import Shown


class Chosen(NamedTuple):
    """A branch is taken, or passed by."""

    branch: str
    taken: bool


class Valued(NamedTuple):
    """A pipeline has succeeded or failed, `!` included; `start` and `end` are its place in the text."""

    start: int
    end: int
    value: bool


class Entered(NamedTuple):
    """The condition of a branch comes up."""

    branch: str


class Unshown(NamedTuple):
    """Something has been done that bash does not show: a function is defined, a process ended before it started
    anything, a compound command is redirected."""


Mark = Chosen | Valued | Entered | Unshown
Marks = tuple[Mark, ...]

_MOST_STEPS = 1000


class Apart(NamedTuple):
    """What becomes of a process.

    `waits`: somebody waits for it, so that it comes to its own end. `silent`: nobody reads what it writes, or somebody
    does who reads all of it.
    """

    waits: bool = True
    silent: bool = True


WAITED = Apart()


@dataclass(eq=False, slots=True)
class Spot:
    """A command as the shell starts it: `shown` is how it prints it.

    `apart`: it runs in a process of its own, and how that one ends; None if it does not.
    """

    member: Member
    shown: Shown
    after: State
    apart: Apart | None = None


@dataclass(eq=False, slots=True)
class Fork:
    """A process of its own that runs a part of the text; `surely`: it starts at least one command before it ends."""

    flow: Flow
    surely: bool
    after: State


@dataclass(eq=False, slots=True)
class State:
    """Where the shell may be. Without a token it goes on by itself; without anything it has come to an end."""

    ways: list[tuple[Marks, State]] = field(default_factory=list)
    token: Spot | Fork | None = None
    ends: bool = False
    steps: list[tuple[Marks, Spot | Fork | None]] | None = None

    def next(self) -> list[tuple[Marks, Spot | Fork | None]]:
        """Return what may come next, and the marks on the way there; None is the end of the text."""
        if self.steps is None:
            found = list(itertools.islice(_steps(self, (), frozenset()), _MOST_STEPS))
            # With that many, what ran can no longer be told; without any, neither.
            self.steps = list(dict.fromkeys(found)) if len(found) < _MOST_STEPS else []
        return self.steps


def _steps(state: State, marks: Marks, seen: frozenset[int]) -> Iterator[tuple[Marks, Spot | Fork | None]]:
    if id(state) in seen:
        return
    seen |= {id(state)}
    if state.ends:
        yield marks, None
    token = state.token
    if token is not None:
        yield marks, token
        if isinstance(token, Fork) and not (token.surely and token.flow.speaks):
            yield from _steps(token.after, (*marks, Unshown()), seen)
    for more, other in state.ways:
        yield from _steps(other, marks + more, seen)


class Flow:
    """The ways through one stretch of text, which are built when they are asked for."""

    def __init__(self, build: Callable[[State], State], apart: Apart) -> None:
        self._build = build
        self._start: State | None = None
        self.apart = apart

    @property
    def speaks(self) -> bool:
        """Whether no way through it is without a command that bash shows."""
        return all(token is not None for _, token in self.start.next())

    @property
    def start(self) -> State:
        """Where it begins."""
        if self._start is None:
            self._start = self._build(State(ends=True))
        return self._start
