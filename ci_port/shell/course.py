"""The way of an exit status through a script: outwards from the command, as bash hands it on, until something asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ci_port.shell import tree
from ci_port.shell.asking import Ask, Asking, Use
from ci_port.shell.frames import Frame, calling, running
from ci_port.shell.positions import TEXTUAL, Body, File, Line, Member, Role, Term, vanishes
from ci_port.shell.shell_files import ShellFiles


@dataclass(frozen=True, slots=True)
class State:
    """The call stack and the options where a status has arrived; None where they are not known.

    Without frames, what is outside of a function is not known, and counts as asking.
    """

    frames: tuple[Frame, ...] | None
    errexit: bool | None
    pipefail: bool


class End(Enum):
    """What ends a shell or a function before its last command."""

    STOPPED = "set -e"
    EXIT = "exit"
    RETURN = "return"


class Course:
    """Follows one status outwards. Every method returns whether something asks for it from there on."""

    def __init__(self, shell: ShellFiles, frames: tuple[Frame, ...]) -> None:
        self.shell = shell
        self.frames = frames
        self.script = frames[-1]
        self.asking = shell.asking
        self.traps = shell.traps
        self.seen: set[tuple[int, State]] = set()

    def decides(self, argv: tuple[str, ...], errexit: bool, pipefail: bool) -> bool:
        state = State(self.frames, errexit, pipefail)
        found = running(*self.where(self.frames), argv)
        return (
            not found
            or self.traps.each
            or any(member.name in TEXTUAL or self.of_command(member, state) for member in found)
        )

    def of_command(self, member: Member, state: State) -> bool:
        # `exec` ends the shell with the status of its command.
        replaces = member.name == "exec" and len(member.words) > 1
        return self.leaves(member, state, End.EXIT) if replaces else self.arises(member, state)

    # The call stack.

    def where(self, frames: tuple[Frame, ...]) -> tuple[File, Frame, bool]:
        """Return the file of the first frame, the frame, and whether it is the outermost."""
        return self.shell.files[frames[0].file], frames[0], len(frames) == 1

    def callers(self, state: State) -> list[tuple[Member, State]] | None:
        """Return the commands that may have called the innermost function or file; None if they are not known."""
        if state.frames is None or len(state.frames) < 2:
            return None
        name, outside = state.frames[0].function, state.frames[1:]
        names = ("source", ".") if name == "source" else (name,)
        found = calling(*self.where(outside), names)
        if not found or any(member.name == "eval" for member in found):
            return None
        return [(member, replace(state, frames=outside)) for member in found]

    def ends_script(self, state: State) -> bool:
        """Return whether the end of the file's commands is that of the whole script."""
        return state.frames is not None and len(state.frames) == 1

    def was_here(self, where: Member | Term | Body, state: State) -> bool:
        """Return whether the same status has come by before, as it does in loops."""
        key = (id(where), state)
        before = key in self.seen
        self.seen.add(key)
        return before

    # Where a status arises: at a simple command, a subshell, a call, a pipeline.

    def arises(self, member: Member, state: State) -> bool:
        """The command has ended with it."""
        if self.was_here(member, state):
            return False
        if len(member.term.members) > 1:
            return self.piped(member, state)
        return self.ends(member.term, state)

    def piped(self, member: Member, state: State) -> bool:
        """A command of a pipeline has ended, and the shell that was its own with it."""
        term = member.term
        state = self.outside(member.file, member.node, state)
        if (member is term.members[-1] or state.pipefail) and self.ends(term, state):
            return True
        return self.traced(term, state)

    def ends(self, term: Term, state: State) -> bool:
        """A pipeline has ended with it."""
        surely = term.negated or self.surely_tested(term, state)
        if state.errexit and not surely:
            if self.stops(term.line, state, End.STOPPED):
                return True
            if not self.tested(term, state):
                return False
        elif self.traps.failing and not surely and not self.stops_later(term, state):
            return True
        return self.goes_on(term, state)

    def stops_later(self, term: Term, state: State) -> bool:
        """Whether a command that does not stop its own shell, such as one of a substitution, stops the script."""
        return self.shell.stops and (state.errexit is None or self.substituted(term.line.body, state))

    def goes_on(self, term: Term, state: State) -> bool:
        """The list goes on behind a pipeline."""
        if self.was_here(term, state):
            return False
        for other in term.rest:
            if not self.shell.nothing(other):
                return True
            if other.sign == "||":
                # After `|| true` it is the same for all.
                return False
        line = term.line
        if line.background:
            return self.awaited()
        if line.next is not None:
            return self.asked(self.asking.of_line(line.next), state)
        return self.done(line.body, state)

    def asked(self, asks: Iterable[Ask], state: State) -> bool:
        """What runs next finds it in `$?`."""
        return any(self.used(ask, state) for ask in asks)

    def used(self, ask: Ask, state: State) -> bool:
        if ask.use is Use.READ:
            return True
        if ask.use is Use.HANDED:
            return self.arises(ask.member, state)
        if ask.use is Use.KEPT:
            return False
        return self.leaves(ask.member, state, End.EXIT if ask.use is Use.EXITED else End.RETURN)

    # Where bodies end.

    def done(self, body: Body, state: State) -> bool:
        """The last command of a body has ended with it."""
        if body.role is Role.CONDITION:
            return True
        if body.role is Role.SCRIPT:
            return self.file_ends(state)
        if body.role is Role.FUNCTION:
            return self.returns(state)
        if body.role in (Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB):
            return self.shell_ends(body, state)
        assert body.holder is not None
        return self.asked(_turns(body, self.asking), state) or self.compound_ends(body.holder, state)

    def compound_ends(self, holder: Member, state: State) -> bool:
        """A group, `if`, `case` or loop has the status of the last command in it; `set -e` does not look again."""
        return self.piped(holder, state) if len(holder.term.members) > 1 else self.goes_on(holder.term, state)

    def shell_ends(self, body: Body, state: State) -> bool:
        """A shell of its own ends with it."""
        holder, node = body.holder, body.node
        assert holder is not None
        assert node is not None
        if self.was_here(body, state):
            return False
        if body.role is Role.JOB:
            return self.awaited()
        state = self.outside(body.file, node, state)
        if body.role is Role.SUBSHELL:
            return self.arises(holder, state)
        # A substitution's shell begins without `set -e` (bash manual, "Command Execution Environment").
        state = replace(state, errexit=state.errexit or None)
        if self.asked(self.asking.of_member(holder, after=node), state):
            return True
        return _hands_on(holder, node) and self.arises(holder, state)

    def returns(self, state: State) -> bool:
        """A function or sourced file has ended with it."""
        callers = self.callers(state)
        return callers is None or self.traps.returning or any(self.arises(*caller) for caller in callers)

    def file_ends(self, state: State) -> bool:
        return self.traps.ending if self.ends_script(state) else self.returns(state)

    def awaited(self) -> bool:
        """A job has ended: only a `wait` for it can say how."""
        return any(self.arises(member, self.unknown(member)) for member in self.shell.waits)

    def unknown(self, member: Member) -> State:
        """Return what is known of a command that has not run here."""
        in_script = member.body.function is None and member.file is self.shell.files[self.script.file]
        return State((self.script,) if in_script else None, False, False)

    # What ends a shell, or a function, in the middle.

    def leaves(self, member: Member, state: State, by: End) -> bool:
        """Something ends the shell, or the function, at this command."""
        if len(member.term.members) > 1:
            last = member is member.term.members[-1]
            return (by is End.RETURN and last and self.shell.lastpipe) or self.piped(member, state)
        return self.stops(member.term.line, state, by)

    def stops(self, line: Line, state: State, by: End) -> bool:
        if line.background:
            return self.awaited()
        body = line.body
        if body.role in (Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB):
            return self.shell_ends(body, state)
        if body.role is Role.SCRIPT and self.ends_script(state):
            return by is End.EXIT and self.traps.ending
        if body.role in (Role.FUNCTION, Role.SCRIPT):
            if by is End.RETURN:
                return self.returns(state)
            callers = self.callers(state)
            return callers is None or any(self.leaves(*caller, by) for caller in callers)
        assert body.holder is not None
        return self.leaves(body.holder, state, by)

    def outside(self, file: File, node: tree.Node, state: State) -> State:
        """Return the state around a shell of its own, whose options may have become others."""
        if not self.shell.changes_options(file, node):
            return state
        return replace(state, errexit=None, pipefail=state.pipefail or self.shell.pipefail)

    # What stands around.

    def tested(self, term: Term, state: State) -> bool:
        """Whether bash may ignore `set -e` there (bash manual, "The Set Builtin")."""
        body = term.line.body
        if term.negated or not term.last or body.role is Role.CONDITION:
            return True
        return self.around(body, state, self.tested, unknown=True)

    def surely_tested(self, term: Term, state: State) -> bool:
        """Whether bash ignores both `set -e` and the ERR trap there.

        Into some substitutions it takes along that it ignores them outside, into some it does not; and what `!` stands
        before may still run the trap inside.
        """
        body = term.line.body
        if not term.last or body.role is Role.CONDITION:
            return True
        own = body.role in (Role.SUBSTITUTION, Role.JOB)
        return not own and self.around(body, state, self.surely_tested, unknown=False)

    def substituted(self, body: Body, state: State) -> bool:
        """Whether a body may run in a substitution."""
        if body.role is Role.SUBSTITUTION:
            return True
        return self.around(body, state, lambda outer, there: self.substituted(outer.line.body, there), unknown=True)

    def around(self, body: Body, state: State, holds: Callable[[Term, State], bool], unknown: bool) -> bool:
        """Return whether something holds for what is around a body; `unknown` is the answer where that is not known."""
        if body.holder is not None and body.role is not Role.FUNCTION:
            return holds(body.holder.term, state)
        if body.role is Role.SCRIPT and self.ends_script(state):
            return False
        callers = self.callers(state)
        if callers is None:
            return unknown
        found = [holds(member.term, outside) for member, outside in callers]
        return any(found) if unknown else all(found)

    # PIPESTATUS.

    def traced(self, term: Term, state: State) -> bool:
        """What a command of a pipeline ended with stays in PIPESTATUS until the next pipeline has ended."""
        if any(self.asked(self.asking.of_term(other, pipe=True), state) for other in term.rest):
            return True
        line: Line | None = term.line
        while line is not None and not line.background:
            body = line.body
            line = line.next
            if line is None:
                return self.traced_out(body, state)
            asks = list(self.asking.of_line(line, pipe=True))
            if self.asked(asks, state):
                return True
            if not any(ask.use is Use.KEPT for ask in asks):
                break
        return False

    def traced_out(self, body: Body, state: State) -> bool:
        holder = body.holder
        if holder is None or body.role in (Role.FUNCTION, Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB):
            return False
        later = holder.bodies if body.role is Role.CONDITION else ()
        asks = [ask for other in later for ask in self.asking.of_body(other, pipe=True)]
        if self.asked([*asks, *_turns(body, self.asking, pipe=True)], state):
            return True
        return len(holder.term.members) == 1 and self.traced(holder.term, state)


def _turns(body: Body, asking: Asking, pipe: bool = False) -> Iterator[Ask]:
    """Yield what runs in a compound command after the end of one of its bodies, and asks."""
    holder = body.holder
    assert holder is not None
    if body.role is Role.LOOP:
        bodies = [other for other in holder.bodies if other.role in (Role.CONDITION, Role.LOOP)]
        yield from asking.of_body(bodies[0], pipe)
    elif body.role is Role.ITEM:
        # `;&` and `;;&` go on to other items.
        items = [other for other in holder.bodies if other.role is Role.ITEM]
        for other in items[items.index(body) + 1 :]:
            yield from asking.of_body(other, pipe)


def _hands_on(member: Member, node: tree.Node) -> bool:
    """Return whether a simple command has the status of a substitution in it: it has no word of its own left.

    Of several substitutions the last counts (bash manual, "Simple Command Expansion").
    """
    command = member.node
    if not isinstance(command, tree.Simple) or not all(vanishes(raw) for raw in member.raw()):
        return False
    if command.words or not command.assignments or node.start >= command.assignments[-1][1]:
        return True
    others = (part for part in member.parts if isinstance(part, tree.Substitution) and part.sign in ("$(", "`"))
    return not any(node.end <= part.start < command.assignments[-1][1] for part in others)
