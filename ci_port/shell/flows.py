"""Builds the flows of a file from its commands: what may come after what in lists, pipelines and compound commands."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ci_port.shell import tree
from ci_port.shell.flow import WAITED, Apart, Chosen, Entered, Flow, Fork, Spot, State, Unshown, Valued
from ci_port.shell.positions import Body, File, Line, Member, Role, Term
from ci_port.shell.shown import Shown, parts_of_sum, selects, shown

Arms = Mapping[tuple[str, int], str]
"""The branches of a file by kind and by where they begin."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a command: where `break` and `continue` lead, innermost first, and where the text ends."""

    end: State
    loops: tuple[tuple[State, State], ...] = ()
    inside: bool = False
    """In a process of its own, which may stand in a loop."""


class Flows:
    """All flows of one file; `arms` are its branches."""

    def __init__(self, file: File, arms: Arms) -> None:
        self.file = file
        self.arms = arms
        self._bodies: dict[int, Flow] = {}
        self._shows: dict[str, bool] = {}
        self._forks: list[Flow] = []

    @cached_property
    def loose(self) -> tuple[Flow, ...]:
        """What words and redirections start of compound commands that bash does not show at that time."""
        heads = (tree.Test, tree.Arithmetic, tree.Case)
        members = (member for member in self.file.compounds if not isinstance(member.node, heads))
        return tuple(flow for member in members for flow in self.substitutions(member))

    @cached_property
    def silent(self) -> frozenset[str]:
        """The branches that may be taken in a call or a process of which bash shows nothing at all."""
        members = (*self.file.commands, *self.file.compounds)
        roles = (Role.FUNCTION, Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB)
        flows = [self.of_body(body) for member in members for body in member.bodies if body.role in roles]
        flows += self.of_script()
        found: set[str] = set()
        # To look at a flow is to build it, and with it what it starts.
        for flow in itertools.chain(flows, self._forks):
            marks = (marks for marks, token in flow.start.next() if token is None)
            found |= {mark.branch for way in marks for mark in way if isinstance(mark, Chosen) and mark.taken}
        return frozenset(found)

    def shows(self, text: str) -> bool:
        """Return whether some command of the file may be shown so."""
        if text not in self._shows:
            self._shows[text] = any(one.fits(text, None) for one in self._all_shown)
        return self._shows[text]

    @cached_property
    def _all_shown(self) -> list[Shown]:
        named = (tree.Test, tree.Arithmetic, tree.Case)
        every = [shown(member) for member in self.file.commands]
        for member in self.file.compounds:
            if isinstance(member.node, named):
                every.append(shown(member))
            elif isinstance(member.node, tree.Loop) and member.node.condition is None:
                every += parts_of_sum(member) or [shown(member)]
        return every

    def substitutions(self, member: Member) -> Iterator[Flow]:
        """Yield what the words and redirections of a command start."""
        for body in member.bodies:
            if body.role is Role.SUBSTITUTION:
                yield self.of_body(body)
            elif body.role is Role.JOB and isinstance(body.node, tree.Substitution):
                yield self.of_body(body, Apart(waits=False))

    def of_script(self) -> list[Flow]:
        """Return the flow of the file itself."""
        return [self.of_body(self.file.script)]

    def of_function(self, name: str) -> list[Flow]:
        """Return the flows of all functions of this name; the body of one may be a process of its own."""
        found = []
        for body in self.file.functions.get(name, ()):
            found.append(self.of_body(body))
            inner = (part for line in body.lines for term in line.terms for one in term.members for part in one.bodies)
            found += [self.of_body(part) for part in inner if part.role is Role.SUBSHELL]
        return found

    def of_body(self, body: Body, apart: Apart = WAITED) -> Flow:
        """Return the flow of a body that a process or a call has to itself."""
        if id(body) not in self._bodies:
            inside = body.role not in (Role.SCRIPT, Role.FUNCTION)
            self._bodies[id(body)] = Flow(lambda end: self._body(body, end, end, _Around(end, inside=inside)), apart)
        return self._bodies[id(body)]

    def _fork(self, build: Callable[[State, _Around], State], after: State, apart: Apart) -> State:
        flow = Flow(lambda end: build(end, _Around(end, inside=True)), apart)
        self._forks.append(flow)
        return State(token=Fork(flow, apart.waits, after))

    # Lists.

    def _body(self, body: Body, true: State, false: State, around: _Around) -> State:
        if not body.lines:
            return true
        for line in reversed(body.lines):
            true = false = self._line(line, true, false, around)
        return true

    def _line(self, line: Line, true: State, false: State, around: _Around) -> State:
        if not line.background:
            return self._list(line, true, false, around)
        if len(line.terms) == 1:
            return self._term(line.terms[0], true, true, around, background=True)

        def inner(end: State, inside: _Around) -> State:
            return self._list(line, end, end, inside)

        return self._fork(inner, true, Apart(waits=False))

    def _list(self, line: Line, true: State, false: State, around: _Around) -> State:
        """`&&` and `||` bind alike, from the left: what is passed by hands on the status that there was."""
        then = {True: true, False: false}
        for term in reversed(line.terms[1:]):
            branch = self.arms.get(("and" if term.sign == "&&" else "or", term.start))
            runs = self._term(term, then[True], then[False], around)
            wanted = term.sign == "&&"
            then = {wanted: _marked(branch, True, runs), not wanted: _marked(branch, False, then[not wanted])}
        return self._term(line.terms[0], then[True], then[False], around)

    def _term(self, term: Term, true: State, false: State, around: _Around, background: bool = False) -> State:
        if true is not false:
            true = State([((Valued(term.start, term.end, True),), true)])
            false = State([((Valued(term.start, term.end, False),), false)])
        if term.negated:
            true, false = false, true
        if not term.members:
            return _either(true, false)
        if len(term.members) == 1 and not background:
            return self._member(term.members[0], true, false, around)
        after = _either(true, false)
        for member in reversed(term.members):
            last = member is term.members[-1]
            after = self._apart(member, after, around, Apart(not background, last))
        return after

    def _apart(self, member: Member, after: State, around: _Around, apart: Apart) -> State:
        """A command of a pipeline or in the background: a simple one starts here, any other in its own process."""
        if isinstance(member.node, tree.Simple):
            return State(token=Spot(member, shown(member), after, apart))

        def inner(end: State, inside: _Around) -> State:
            body = next((body for body in member.bodies if body.role is Role.SUBSHELL), None)
            return self._body(body, end, end, inside) if body else self._member(member, end, end, inside)

        own = _unless_refused(member, self._fork(inner, after, apart), after)
        if apart == WAITED and len(member.term.members) > 1:
            # With `lastpipe` the shell itself runs the last one.
            return State([((), own), ((), self._member(member, after, after, around))])
        return own

    # Commands.

    def _member(self, member: Member, true: State, false: State, around: _Around) -> State:
        own = self._command(member, true, false, around)
        return _unless_refused(member, own, false)

    def _command(self, member: Member, true: State, false: State, around: _Around) -> State:
        build = _COMPOUNDS.get(type(member.node))
        if build is not None:
            return build(self, member, true, false, around)
        after = _either(true, false)
        if isinstance(member.node, tree.Simple):
            after = _leaves(member, after, around)
        return State(token=Spot(member, shown(member), after))

    def _function(self, member: Member, true: State, false: State, around: _Around) -> State:
        del member, false, around
        return State([((Unshown(),), true)])

    def _coproc(self, member: Member, true: State, false: State, around: _Around) -> State:
        del false, around
        body = next(body for body in member.bodies if body.node is member.node)
        return State(token=Fork(self.of_body(body, Apart(waits=False)), False, true))

    def _group(self, member: Member, true: State, false: State, around: _Around) -> State:
        body = next(body for body in member.bodies if body.role in (Role.GROUP, Role.SUBSHELL))
        if body.role is Role.GROUP:
            return self._body(body, true, false, around)
        own = State(token=Fork(self.of_body(body), True, _either(true, false)))
        if not around.inside:
            return own
        # As the last command of a process, it needs none of its own.
        return State([((), own), ((), self._body(body, true, false, _Around(around.end, inside=True)))])

    def _if(self, member: Member, true: State, false: State, around: _Around) -> State:
        assert isinstance(member.node, tree.If)
        bodies = [body for body in member.bodies if body.role in (Role.CONDITION, Role.ARM)]
        otherwise = true
        for arm in reversed(member.node.arms):
            branch = self.arms.get((arm.kind, arm.start))
            taken = _marked(branch, True, self._body(bodies.pop(), true, false, around))
            if arm.condition is None:
                otherwise = taken
                continue
            passed = _marked(branch, False, otherwise)
            otherwise = _entered(branch, self._body(bodies.pop(), taken, passed, around))
        return otherwise

    def _loop(self, member: Member, true: State, false: State, around: _Around) -> State:
        node = member.node
        assert isinstance(node, tree.Loop)
        branch = self.arms.get((node.kind, node.start))
        leave = _either(true, false)
        again = State()
        body = next(body for body in member.bodies if body.role is Role.LOOP)
        if node.condition is not None:
            inside = _Around(around.end, ((leave, again), *around.loops), around.inside)
            taken = _marked(branch, True, self._body(body, again, again, inside))
            passed = _marked(branch, False, leave)
            condition = next(body for body in member.bodies if body.role is Role.CONDITION)
            ways = (taken, passed) if node.kind == "while" else (passed, taken)
            again.ways.append(((), _entered(branch, self._body(condition, *ways, inside))))
            return again
        sums = parts_of_sum(member)
        if sums is not None:
            first, test, step = sums
            more = State(token=Spot(member, step, again))
            inside = _Around(around.end, ((leave, more), *around.loops), around.inside)
            taken = _marked(branch, True, self._body(body, more, more, inside))
            again.token = Spot(member, test, _either(taken, _marked(branch, False, leave)))
            return State(token=Spot(member, first, again))
        inside = _Around(around.end, ((leave, again), *around.loops), around.inside)
        taken = _marked(branch, True, self._body(body, again, again, inside))
        # `select` names itself once, asks without another word, and ends where there is no answer.
        head = State(token=Spot(member, shown(member), _either(taken, leave) if selects(member) else taken))
        again.ways += [((), taken if selects(member) else head), ((), leave)]
        return State([((), head), *_marked(branch, False, true).ways])

    def _case(self, member: Member, true: State, false: State, around: _Around) -> State:
        assert isinstance(member.node, tree.Case)
        bodies = [body for body in member.bodies if body.role is Role.ITEM]
        text = member.file.text
        # Where no item fits, a `case` ends with 0, or as the item did that it came from with `;;&`.
        looks = {True: true, False: false}
        falls = (true, false)
        for item, body in zip(reversed(member.node.items), reversed(bodies), strict=True):
            branch = self.arms.get(("case", item.start))
            ends = {";&": falls, ";;&": (looks[True], looks[False])}.get(item.sign, (true, false))
            runs = _marked(branch, True, self._body(body, *ends, around))
            falls = (runs, runs)
            always = any(text[start:end] == "*" for start, end in item.patterns)
            looks = {
                was: runs if always else State([((), runs), *_marked(branch, False, other).ways])
                for was, other in looks.items()
            }
        return State(token=Spot(member, shown(member), looks[True]))


_COMPOUNDS: dict[type[tree.Node], Callable[[Flows, Member, State, State, _Around], State]] = {
    tree.Function: Flows._function,
    tree.Coproc: Flows._coproc,
    tree.Group: Flows._group,
    tree.If: Flows._if,
    tree.Loop: Flows._loop,
    tree.Case: Flows._case,
}


def _either(true: State, false: State) -> State:
    return true if true is false else State([((), true), ((), false)])


def _unless_refused(member: Member, own: State, false: State) -> State:
    """Where a redirection cannot be made, a compound command fails before bash shows anything of it."""
    if isinstance(member.node, tree.Compound) and member.node.redirected:
        return State([((Unshown(),), own), ((Unshown(),), false)])
    return own


def _marked(branch: str | None, taken: bool, state: State) -> State:
    return State([((Chosen(branch, taken),) if branch else (), state)])


def _entered(branch: str | None, state: State) -> State:
    return State([((Entered(branch),) if branch else (), state)])


def _leaves(member: Member, after: State, around: _Around) -> State:
    """Return where a command leads that may not simply go on."""
    name = member.name
    if name == "exit" or (name == "exec" and len(member.command) > 1):
        return State()
    if name == "return":
        # In the script itself it is a mistake, and the script goes on.
        return _either(after, around.end) if member.body.function is None else around.end
    if name not in ("break", "continue"):
        return after
    if not around.loops:
        return _either(after, around.end) if around.inside else after
    which = _levels(member.command[1:], len(around.loops))
    targets = [around.loops[at][name == "continue"] for at in which]
    outside = [around.end] if around.inside and len(which) > 1 else []
    return State([((), target) for target in (*targets, *outside)])


def _levels(words: Sequence[str | None], count: int) -> range:
    """Return which of the loops around it, from the innermost, `break` or `continue` speaks of."""
    if not words:
        return range(1)
    if len(words) == 1 and words[0] and words[0].isdigit() and int(words[0]) > 0:
        at = min(int(words[0]), count) - 1
        return range(at, at + 1)
    return range(count)
