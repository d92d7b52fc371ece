"""Which way a run has taken through the text. Every way is kept that fits what the shell has started; what all of them
have in common is sure, and no more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ci_port.shell import tree
from ci_port.shell.flow import Apart, Chosen, Flow, Fork, Mark, Marks, Spot, State, Unshown
from ci_port.shell.flows import Flows
from ci_port.shell.runs import Child, Event, Run

_MOST_WAYS = 64
# After one of these, as the last of a process, nothing is known of what would have come behind it.
_LEAVING = frozenset(("exit", "exec", "kill", "eval", "source", "."))
# They write nothing, so that nobody can end them who no longer reads.
_SILENT = frozenset(("[", "test", "read", "true", "false", ":"))
_LOST = Apart(waits=False, silent=False)


class Passed(NamedTuple):
    """A mark on the way, and the number of the command that comes after it."""

    mark: Mark
    time: float


class Came(NamedTuple):
    """A command of the text, and its event. `tells`: its event has the status of the command before it."""

    spot: Spot
    event: Event
    tells: bool


class Forked(NamedTuple):
    """A process of its own has run a part of the text."""


class Gap(NamedTuple):
    """Here it is not known what happened."""


Entry = Passed | Came | Forked | Gap
Way = tuple[Entry, ...]
Token = Spot | Fork | None


class Placed(NamedTuple):
    """Where a process stands: its flow (None: it runs nothing of this text itself), and what becomes of it."""

    flow: Flow | None
    apart: Apart


@dataclass(slots=True)
class Found:
    """What is sure of a run, in order; `maybe` are the branches that it may have taken besides.

    `children` tells where the processes may stand that it started, by their runs.
    `whole`: it came to its end. `torn`: it ended where the text does not tell why.
    """

    entries: list[Entry] = field(default_factory=list)
    maybe: set[str] = field(default_factory=set)
    children: dict[Run, list[Placed]] = field(default_factory=dict)
    whole: bool = False
    torn: bool = False

    def chosen(self) -> list[Passed]:
        """Return how branches were decided."""
        return _chosen(tuple(self.entries))


class _Step(NamedTuple):
    """How a token was come to: from which one, past which marks; where a process was placed."""

    before: Token
    marks: Marks
    entry: Came | Forked | None = None
    placed: tuple[tuple[Run, Placed], ...] = ()
    early: bool = False
    """The process belongs to a command that is still to be shown."""


class _End(NamedTuple):
    """How a run may have ended: behind which token, past which marks, and whether at the end of its text."""

    token: Token
    marks: Marks
    whole: bool


_Layer = dict[Token, list[_Step]]


class Paths:
    """Finds ways through the flows of one file, for the runs of one course."""

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self._fitting: dict[tuple[Flow, Run], bool] = {}

    def fits(self, flow: Flow, run: Run) -> bool:
        """Return whether a run may be one through this flow."""
        key = (flow, run)
        if key not in self._fitting:
            self._fitting[key] = self._layers(flow, run) is not None
        return self._fitting[key]

    def find(
        self, flow: Flow, run: Run, apart: Apart, inner_whole: bool, consistent: Callable[[Way], bool]
    ) -> Found | None:
        """Return what is sure of a run through this flow; None where it does not fit.

        `apart` says what becomes of its process, `inner_whole` whether what it had called when its process ended came
        to its own end. `consistent` tells whether a way agrees with the values of variables.
        """
        layers = self._layers(flow, run)
        if layers is None:
            return None
        found = Found()
        ends = list(_ends(flow, run, layers[-1], apart, inner_whole))
        found.whole = all(end.whole for end in ends)
        found.torn = run.returned and not found.whole
        _prune(layers, {end.token for end in ends})
        for item, layer in zip(run.items, layers[1:], strict=True):
            if isinstance(item, Child):
                _place(layer, found)
        _Ways(run, layers, found, consistent).all(ends)
        return found

    # Forwards: what fits.

    def _layers(self, flow: Flow, run: Run) -> list[_Layer] | None:
        layers: list[_Layer] = [{None: []}]
        for at, item in enumerate(run.items):
            after_child = at > 0 and isinstance(run.items[at - 1], Child)
            steps = (
                self._steps_to(item, run, after_child)
                if isinstance(item, Event)
                else self._steps_over(item, not after_child)
            )
            layer: _Layer = {}
            for token in layers[-1]:
                for after, step in steps(token, _state(flow, token)):
                    layer.setdefault(after, []).append(step)
            if isinstance(item, Event) and run.trapped and self._is_noise(run.items[:at], item.started.text):
                for token in layers[-1]:
                    layer.setdefault(token, []).append(_Step(token, ()))
            if not layer:
                return None
            layers.append(layer)
        return layers

    def _steps_to(
        self, event: Event, run: Run, after_child: bool
    ) -> Callable[[Token, State], Iterator[tuple[Token, _Step]]]:
        text = event.started.text
        # In a trap, bash does not always know the line.
        line = None if run.trapped else event.started.place.line

        def steps(token: Token, state: State) -> Iterator[tuple[Token, _Step]]:
            # What its own words have started may have left another status.
            tells = not run.trapped and (not after_child or isinstance(token, Fork))
            for marks, other in state.next():
                if isinstance(other, Spot) and other.shown.fits(text, line):
                    yield other, _Step(token, marks, Came(other, event, tells))

        return steps

    def _steps_over(self, child: Child, first: bool) -> Callable[[Token, State], Iterator[tuple[Token, _Step]]]:
        def steps(token: Token, state: State) -> Iterator[tuple[Token, _Step]]:
            for placed in self._places(child.run, token, first):
                yield token, _Step(token, (), None, placed, self._is_early(placed, token))
            for marks, other in state.next():
                if isinstance(other, Fork) and self.fits(other.flow, child.run):
                    yield other, _Step(token, marks, Forked(), ((child.run, Placed(other.flow, other.flow.apart)),))

        return steps

    def _is_noise(self, before: Sequence[Event | Child], text: str) -> bool:
        """In a trap, bash also seems to start what it only prints: a substitution in a substitution, which is a part of
        the command before, and whatever runs in a process of its own."""
        earlier = (item.started.text for item in before if isinstance(item, Event))
        return not self.flows.shows(text) or any(text in other and text != other for other in earlier)

    def _places(self, run: Run, token: Token, first: bool) -> Iterator[tuple[tuple[Run, Placed], ...]]:
        """Yield where a process may stand that is no command of its own: what words and redirections start, or the
        command itself, which expands those in its own process."""
        own = token.apart if isinstance(token, Spot) and token.apart else Apart()
        if not run.items or (first and isinstance(token, Spot) and token.apart and token.member.name == "eval"):
            # In a process of its own, `eval` does not count as a level.
            yield ((run, Placed(None, own)),)
            return
        for flow in self._substitutions(token):
            if self.fits(flow, run):
                yield ((run, Placed(flow, flow.apart)),)
        if all(isinstance(item, Child) for item in run.items):
            inner = [list(self._places(item.run, token, False)) for item in run.items if isinstance(item, Child)]
            if all(len(places) == 1 for places in inner):
                yield ((run, Placed(None, own)), *(pair for places in inner for pair in places[0]))

    def _is_early(self, placed: tuple[tuple[Run, Placed], ...], token: Token) -> bool:
        own = set(self.flows.substitutions(token.member)) if isinstance(token, Spot) else set()
        return any(place.flow is not None and place.flow not in own for _, place in placed)

    def _substitutions(self, token: Token) -> Iterator[Flow]:
        """Yield what the words of the last command may start, and those of compound commands anywhere."""
        if isinstance(token, Spot):
            yield from self.flows.substitutions(token.member)
        yield from self.flows.loose


def _state(flow: Flow, token: Token) -> State:
    return flow.start if token is None else token.after


def _ends(flow: Flow, run: Run, last: _Layer, apart: Apart, inner_whole: bool) -> Iterator[_End]:
    """Yield how a run may have ended, given where its last command may stand."""
    ways = [_End(token, marks, True) for token in last for marks, other in _state(flow, token).next() if other is None]
    if run.returned:
        yield from ways or [_End(token, (), False) for token in last]
        return
    yield from ways
    surely = {end.token for end in ways if inner_whole and _goes_on(end.token, apart)}
    for token in last:
        if token not in surely:
            ways_on = (marks for marks, other in _state(flow, token).next() if _may_fail_before(marks, other))
            yield from (_End(token, marks, False) for marks in dict.fromkeys(((), *ways_on)))


def _goes_on(token: Token, apart: Apart) -> bool:
    """Return whether a process whose last command this was has come to the end of its text, if that is next."""
    if not apart.waits or token is None:
        return False
    if isinstance(token, Fork):
        return apart.silent
    member = token.member
    if not isinstance(member.node, tree.Simple):
        return True
    if member.name is None:
        return not member.words
    return member.name not in _LEAVING and (apart.silent or member.name in _SILENT)


def _may_fail_before(marks: Marks, other: Token) -> bool:
    """Return whether a shell may end on its way to a command that bash has not shown yet: at the words of a loop, or a
    redirection."""
    return Unshown() in marks or not isinstance(other, Spot) or isinstance(other.member.node, tree.Loop)


def _prune(layers: list[_Layer], alive: Iterable[Token]) -> None:
    """Leave only what leads to one of these ends."""
    kept = set(alive)
    for layer in reversed(layers):
        for token in [token for token in layer if token not in kept]:
            del layer[token]
        kept = {step.before for steps in layer.values() for step in steps}


def _place(layer: _Layer, found: Found) -> None:
    for steps in layer.values():
        for run, placed in itertools.chain.from_iterable(step.placed for step in steps):
            if placed not in found.children.setdefault(run, []):
                found.children[run].append(placed)


class _Ways:
    """Goes along all ways at once, and puts down what they have in common wherever they meet."""

    def __init__(self, run: Run, layers: Sequence[_Layer], found: Found, consistent: Callable[[Way], bool]) -> None:
        self.run = run
        self.layers = layers
        self.found = found
        self.consistent = consistent

    def all(self, ends: Iterable[_End]) -> None:
        current: dict[Token, list[Way]] = {None: [()]}
        time: float | None = None
        for item, layer in zip(self.run.items, self.layers[1:], strict=True):
            # A compound command has begun when its words start a process, which may be long before it is shown.
            time = item.number if time is None else time
            following = {
                token: [
                    way + _passed(step.marks, time, item.number) + ((step.entry,) if step.entry else ())
                    for step in steps
                    for way in current.get(step.before, ())
                ]
                for token, steps in layer.items()
            }
            if not all(step.early for steps in layer.values() for step in steps):
                time = None
            current = self.met(following)
        end = self.run.last + 0.5
        time = end if time is None else time
        self.settle([way + _passed(one.marks, time, end) for one in ends for way in current.get(one.token, ())])

    def met(self, following: dict[Token, list[Way]]) -> dict[Token, list[Way]]:
        if len(following) == 1:
            (token,) = following
            self.settle(following[token])
            return {token: [()]}
        if sum(map(len, following.values())) > _MOST_WAYS:
            self.settle([way for ways in following.values() for way in ways], lost=True)
            return {token: [()] for token in following}
        return following

    def settle(self, ways: Sequence[Way], lost: bool = False) -> None:
        """Put down what is sure of one of these ways."""
        different = list(dict.fromkeys(ways))
        if len(different) > 1:
            before = tuple(entry for entry in self.found.entries[-1:] if isinstance(entry, Came))
            consistent = [way for way in different if self.consistent(before + way)] or different
            different = list(dict.fromkeys(_without_unshown(way) for way in consistent))
        if len(different) == 1 and not lost:
            self.found.entries += different[0]
            return
        chosen = [_chosen(way) for way in different]
        everywhere = [passed for passed in chosen[0] if all(passed.mark in _marks(other) for other in chosen)]
        sure = {passed.mark for passed in everywhere}
        self.found.entries += [Gap(), *everywhere, Gap()]
        self.found.maybe |= {
            passed.mark.branch
            for way in chosen
            for passed in way
            if isinstance(passed.mark, Chosen) and passed.mark.taken and passed.mark not in sure
        }


def _passed(marks: Marks, early: float, time: float) -> Way:
    """Return the marks of a step with their times: those before a redirection are as early as what it has started."""
    until = marks.index(Unshown()) if Unshown() in marks else len(marks)
    return tuple(Passed(mark, early if at < until else time) for at, mark in enumerate(marks))


def _without_unshown(way: Way) -> Way:
    return tuple(entry for entry in way if not (isinstance(entry, Passed) and isinstance(entry.mark, Unshown)))


def _chosen(way: Way) -> list[Passed]:
    return [entry for entry in way if isinstance(entry, Passed) and isinstance(entry.mark, Chosen)]


def _marks(passed: Iterable[Passed]) -> set[Mark]:
    return {one.mark for one in passed}
