"""Whether the exit status of a command that ran decides what its script does next.

A status decides where it selects between two continuations that stand in the script: a condition, the left side of
`&&` and `||`, a `$?` that is read. From the command the status goes outwards, as bash hands it on: through the rest of
its pipeline and list, out of groups, functions, subshells and substitutions, until something asks for it or drops it.
Being stopped by `set -e` is no decision, neither is the exit status of the script itself.

Where the text does not tell, the answer is yes.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from ci_port.shell import tree
from ci_port.shell.asking import Ask, Asking, Use
from ci_port.shell.positions import Body, File, Line, Member, Role, Term, vanishes
from ci_port.shell.source import SyntaxFault
from ci_port.shell.sources import resolve
from ci_port.shell.traps import traps_of

_NOTHING = frozenset((":", "true"))
# Builtins and tools that start what stands in their words: the command that ran need not be the first word.
_STARTERS = frozenset(("command", "exec", "env", "xargs", "find", "nice", "nohup", "timeout", "time", "setsid"))
# What stands in their words is text of its own.
_TEXTUAL = frozenset(("eval", "trap"))
_CHANGES = frozenset(("set", "shopt", "source", ".", "eval"))
_ERREXIT = re.compile(r"^#!.*\s-[a-z]*e|\bset\s+(?:-\w+\s+)*-(?:[a-zA-Z]*e|o\s+errexit)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Frame:
    """One level of the call stack: the line where the command stands, or that of the call.

    `function` is as in bash's FUNCNAME: "main" (or nothing) in the script itself, "source" in a sourced file.
    """

    file: str
    line: int
    function: str


class Decisions:
    """Answers for one set of scripts; each text is read once."""

    def __init__(self, text_of: Callable[[str], str | None], files: Collection[str] = ()) -> None:
        """`text_of` gives the text of a file by its name in a frame, None if it is not known.

        `files` are further files that run in the same shell: their functions and traps count, too. Those that a
        script sources by a name which its text tells are found without it.
        """
        self._text_of = text_of
        self._files = tuple(files)
        self._shells: dict[frozenset[str], _Shell | None] = {}
        self._answers: dict[tuple[tuple[str, ...], tuple[Frame, ...], bool, bool], bool] = {}

    def decides(self, argv: Sequence[str], frames: Sequence[Frame], *, errexit: bool, pipefail: bool) -> bool:
        """Return whether the status of a command that ran there selects what its script does next.

        `frames` begin where the command stands and end with the script; `errexit` and `pipefail` are the options of
        the shell that ran the command. What cannot be read or found decides.
        """
        key = (tuple(argv), tuple(frames), errexit, pipefail)
        if key not in self._answers:
            self._answers[key] = self._decides(*key)
        return self._answers[key]

    def _decides(self, argv: tuple[str, ...], frames: tuple[Frame, ...], errexit: bool, pipefail: bool) -> bool:
        shell = self._shell(frozenset(frame.file for frame in frames)) if frames else None
        return shell is None or _Course(shell, frames).decides(argv, errexit, pipefail)

    def _shell(self, names: frozenset[str]) -> _Shell | None:
        if names not in self._shells:
            self._shells[names] = self._read(names)
        return self._shells[names]

    def _read(self, names: frozenset[str]) -> _Shell | None:
        """Return the files of these names with all that they source; None if one of them cannot be read."""
        files: dict[str, File] = {}
        sourced: dict[int, File] = {}
        for name in sorted(names):
            text = self._text_of(name)
            file = None if text is None else _read(text)
            if file is None:
                return None
            files[name] = file
        pending = list(files.items())
        for name in self._files:
            pending += self._found(name, files)
        while pending:
            name, file = pending.pop()
            for member in file.named("source", "."):
                path = _sourced_by(member, name)
                pending += self._found(path, files)
                if path in files:
                    sourced[id(member)] = files[path]
        return _Shell(files, sourced)

    def _found(self, name: str, files: dict[str, File]) -> list[tuple[str, File]]:
        """Take a file into `files` and return it, if it can be read and is new."""
        text = self._text_of(name) if name and name not in files else None
        file = None if text is None else _read(text)
        if file is None:
            return []
        files[name] = file
        return [(name, file)]


@functools.lru_cache(maxsize=64)
def _read(text: str) -> File | None:
    try:
        return File(text)
    except (SyntaxFault, RecursionError):
        return None


def _sourced_by(member: Member, name: str) -> str:
    raw = member.raw()
    line = member.file.source.line(member.node.start)
    before = member.file.source.lines[line - 2] if line > 1 else ""
    path = resolve(raw[1], Path(name), before) if len(raw) > 1 else None
    return "" if path is None else os.path.normpath(path)


class _Shell:
    """The files that run in one shell, and what they say about all that runs in it."""

    def __init__(self, files: dict[str, File], sourced: dict[int, File]) -> None:
        self.files = files
        self.asking = Asking(files, sourced)
        self.traps = traps_of(files.values(), self.asking)
        self.waits = [member for file in files.values() for member in file.named("wait", "fg") if len(member.words) > 1]
        texts = [file.text for file in files.values()]
        self.stops = any(_ERREXIT.search(text) for text in texts)
        self.pipefail = any("pipefail" in text for text in texts)
        self.lastpipe = any("lastpipe" in text for text in texts)

    def changes_options(self, file: File, node: tree.Node) -> bool:
        """Return whether a command inside may set other options in the shell that it runs in."""
        return any(
            member.words and (member.name is None or member.name in _CHANGES or member.name in self.asking.functions)
            for member in file.inside(node)
        )

    def nothing(self, term: Term) -> bool:
        """Return whether a pipeline does nothing but succeed."""
        member = term.members[0] if len(term.members) == 1 and not term.negated else None
        if member is None or member.parts:
            return False
        if isinstance(member.node, tree.Group):
            lines = member.bodies[0].lines if term.end == member.node.end else []
            return bool(lines) and all(len(line.terms) == 1 and self.nothing(line.terms[0]) for line in lines)
        node = member.node
        plain = isinstance(node, tree.Simple) and not node.assignments and not node.redirected
        return plain and None not in member.words and member.name in _NOTHING - self.asking.functions.keys()


@dataclass(frozen=True, slots=True)
class _State:
    """The call stack and the options where a status has arrived; None where they are not known.

    Without frames, what is outside of a function is not known, and counts as asking.
    """

    frames: tuple[Frame, ...] | None
    errexit: bool | None
    pipefail: bool


class _End(Enum):
    """What ends a shell or a function before its last command."""

    STOPPED = "set -e"
    EXIT = "exit"
    RETURN = "return"


class _Course:
    """Follows one status outwards. Every method returns whether something asks for it from there on."""

    def __init__(self, shell: _Shell, frames: tuple[Frame, ...]) -> None:
        self.shell = shell
        self.frames = frames
        self.script = frames[-1]
        self.asking = shell.asking
        self.traps = shell.traps
        self.seen: set[tuple[int, _State]] = set()

    def decides(self, argv: tuple[str, ...], errexit: bool, pipefail: bool) -> bool:
        state = _State(self.frames, errexit, pipefail)
        found = list(self.standing(self.frames, lambda member: _may_be(member, argv)))
        return (
            not found
            or self.traps.each
            or any(member.name in _TEXTUAL or self.of_command(member, state) for member in found)
        )

    def of_command(self, member: Member, state: _State) -> bool:
        # `exec` ends the shell with the status of its command.
        replaces = member.name == "exec" and len(member.words) > 1
        return self.leaves(member, state, _End.EXIT) if replaces else self.arises(member, state)

    # The call stack.

    def standing(self, frames: tuple[Frame, ...], fits: Callable[[Member], bool]) -> Iterator[Member]:
        """Yield the simple commands that may stand where the first frame says."""
        frame = frames[0]
        file = self.shell.files[frame.file]
        for member in file.at(frame.line):
            if member.body.function in _functions(frame, len(frames) == 1) and fits(member):
                yield member

    def callers(self, state: _State) -> list[tuple[Member, _State]] | None:
        """Return the commands that may have called the innermost function or file; None if they are not known."""
        if state.frames is None or len(state.frames) < 2:
            return None
        name, outside = state.frames[0].function, state.frames[1:]
        names = ("source", ".") if name == "source" else (name,)
        found = list(self.standing(outside, lambda member: _calls(member, names)))
        if not found or any(member.name == "eval" for member in found):
            return None
        return [(member, replace(state, frames=outside)) for member in found]

    def ends_script(self, state: _State) -> bool:
        """Return whether the end of the file's commands is that of the whole script."""
        return state.frames is not None and len(state.frames) == 1

    def was_here(self, where: Member | Term | Body, state: _State) -> bool:
        """Return whether the same status has come by before, as it does in loops."""
        key = (id(where), state)
        before = key in self.seen
        self.seen.add(key)
        return before

    # Where a status arises: at a simple command, a subshell, a call, a pipeline.

    def arises(self, member: Member, state: _State) -> bool:
        """The command has ended with it."""
        if self.was_here(member, state):
            return False
        if len(member.term.members) > 1:
            return self.piped(member, state)
        return self.ends(member.term, state)

    def piped(self, member: Member, state: _State) -> bool:
        """A command of a pipeline has ended, and the shell that was its own with it."""
        term = member.term
        state = self.outside(member.file, member.node, state)
        if (member is term.members[-1] or state.pipefail) and self.ends(term, state):
            return True
        return self.traced(term, state)

    def ends(self, term: Term, state: _State) -> bool:
        """A pipeline has ended with it."""
        surely = term.negated or self.surely_tested(term, state)
        if state.errexit and not surely:
            if self.stops(term.line, state, _End.STOPPED):
                return True
            if not self.tested(term, state):
                return False
        elif self.traps.failing and not surely and not self.stops_later(term, state):
            return True
        return self.goes_on(term, state)

    def stops_later(self, term: Term, state: _State) -> bool:
        """Whether a command that does not stop its own shell, such as one of a substitution, stops the script."""
        return self.shell.stops and (state.errexit is None or self.substituted(term.line.body, state))

    def goes_on(self, term: Term, state: _State) -> bool:
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

    def asked(self, asks: Iterable[Ask], state: _State) -> bool:
        """What runs next finds it in `$?`."""
        return any(self.used(ask, state) for ask in asks)

    def used(self, ask: Ask, state: _State) -> bool:
        if ask.use is Use.READ:
            return True
        if ask.use is Use.HANDED:
            return self.arises(ask.member, state)
        if ask.use is Use.KEPT:
            return False
        return self.leaves(ask.member, state, _End.EXIT if ask.use is Use.EXITED else _End.RETURN)

    # Where bodies end.

    def done(self, body: Body, state: _State) -> bool:
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

    def compound_ends(self, holder: Member, state: _State) -> bool:
        """A group, `if`, `case` or loop has the status of the last command in it; `set -e` does not look again."""
        return self.piped(holder, state) if len(holder.term.members) > 1 else self.goes_on(holder.term, state)

    def shell_ends(self, body: Body, state: _State) -> bool:
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
        # A substitution's shell has another `set -e` than the one around it.
        state = replace(state, errexit=None)
        if self.asked(self.asking.of_member(holder, after=node), state):
            return True
        return _hands_on(holder, node) and self.arises(holder, state)

    def returns(self, state: _State) -> bool:
        """A function or sourced file has ended with it."""
        callers = self.callers(state)
        return callers is None or self.traps.returning or any(self.arises(*caller) for caller in callers)

    def file_ends(self, state: _State) -> bool:
        return self.traps.ending if self.ends_script(state) else self.returns(state)

    def awaited(self) -> bool:
        """A job has ended: only a `wait` for it can say how."""
        return any(self.arises(member, self.unknown(member)) for member in self.shell.waits)

    def unknown(self, member: Member) -> _State:
        """Return what is known of a command that has not run here."""
        in_script = member.body.function is None and member.file is self.shell.files[self.script.file]
        return _State((self.script,) if in_script else None, False, False)

    # What ends a shell, or a function, in the middle.

    def leaves(self, member: Member, state: _State, by: _End) -> bool:
        """Something ends the shell, or the function, at this command."""
        if len(member.term.members) > 1:
            last = member is member.term.members[-1]
            return (by is _End.RETURN and last and self.shell.lastpipe) or self.piped(member, state)
        return self.stops(member.term.line, state, by)

    def stops(self, line: Line, state: _State, by: _End) -> bool:
        if line.background:
            return self.awaited()
        body = line.body
        if body.role in (Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB):
            return self.shell_ends(body, state)
        if body.role is Role.SCRIPT and self.ends_script(state):
            return by is _End.EXIT and self.traps.ending
        if body.role in (Role.FUNCTION, Role.SCRIPT):
            if by is _End.RETURN:
                return self.returns(state)
            callers = self.callers(state)
            return callers is None or any(self.leaves(*caller, by) for caller in callers)
        assert body.holder is not None
        return self.leaves(body.holder, state, by)

    def outside(self, file: File, node: tree.Node, state: _State) -> _State:
        """Return the state around a shell of its own, whose options may have become others."""
        if not self.shell.changes_options(file, node):
            return state
        return replace(state, errexit=None, pipefail=state.pipefail or self.shell.pipefail)

    # What stands around.

    def tested(self, term: Term, state: _State) -> bool:
        """Whether bash may ignore `set -e` there (bash manual, "The Set Builtin")."""
        body = term.line.body
        if term.negated or term.rest or body.role is Role.CONDITION:
            return True
        return self.around(body, state, self.tested, unknown=True)

    def surely_tested(self, term: Term, state: _State) -> bool:
        """Whether bash ignores both `set -e` and the ERR trap there.

        Into some substitutions it takes along that it ignores them outside, into some it does not; and what `!` stands
        before may still run the trap inside.
        """
        body = term.line.body
        if term.rest or body.role is Role.CONDITION:
            return True
        own = body.role in (Role.SUBSTITUTION, Role.JOB)
        return not own and self.around(body, state, self.surely_tested, unknown=False)

    def substituted(self, body: Body, state: _State) -> bool:
        """Whether a body may run in a substitution."""
        if body.role is Role.SUBSTITUTION:
            return True
        return self.around(body, state, lambda outer, there: self.substituted(outer.line.body, there), unknown=True)

    def around(self, body: Body, state: _State, holds: Callable[[Term, _State], bool], unknown: bool) -> bool:
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

    def traced(self, term: Term, state: _State) -> bool:
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

    def traced_out(self, body: Body, state: _State) -> bool:
        holder = body.holder
        if holder is None or body.role in (Role.FUNCTION, Role.SUBSHELL, Role.SUBSTITUTION, Role.JOB):
            return False
        later = holder.bodies if body.role is Role.CONDITION else ()
        asks = [ask for other in later for ask in self.asking.of_body(other, pipe=True)]
        if self.asked([*asks, *_turns(body, self.asking, pipe=True)], state):
            return True
        return len(holder.term.members) == 1 and self.traced(holder.term, state)


def _functions(frame: Frame, outermost: bool) -> tuple[str | None, ...]:
    """Return the functions of the text that a frame may stand in; None is no function."""
    if frame.function in ("", "source"):
        return (None,)
    if frame.function == "main":
        # A function of the script may have that name, too.
        return (None, "main") if outermost else ("main",)
    return (frame.function,)


def _may_be(member: Member, argv: tuple[str, ...]) -> bool:
    """Return whether a command as written may be one that ran with these words."""
    known = member.words
    if not known or not argv:
        return bool(known)
    if member.name in _TEXTUAL:
        return member.name == "eval" or any(_mentions(raw, argv[0]) for raw in member.raw()[1:])
    if known[0] in _STARTERS and (argv[0] in known or None in known):
        return True
    if None not in known:
        return known == argv
    first = known.index(None)
    last = len(known) - known[::-1].index(None)
    head, tail = known[:first], known[last:]
    fits = argv[:first] == head and argv[len(argv) - len(tail) :] == tail
    return fits and len(head) + len(tail) <= len(argv)


def _mentions(raw: str, name: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])", raw) is not None


def _calls(member: Member, names: tuple[str, ...]) -> bool:
    return bool(member.words) and (member.name is None or member.name == "eval" or member.name in names)


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
