"""`PlanHost`: the side of the seam that runs nothing. It answers from a `World` and writes down a plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from ci_port.bash.variables import why_not_followed
from ci_port.host.answers import Prepared, prepare
from ci_port.host.bench import Bench
from ci_port.host.confined import planned
from ci_port.host.planned_files import is_device
from ci_port.host.planned_steps import Streams, fed_to, plain_words
from ci_port.host.planned_tools import PlannedTools, not_computed
from ci_port.host.seam import (
    PIPE,
    Command,
    Left,
    Outcome,
    Scope,
    Stream,
)
from ci_port.host.session import Session
from ci_port.host.tree import EXECUTE, NOTHING, Directory, Own, Regular, node_of
from ci_port.model import (
    Asked,
    Case,
    Limit,
    Observation,
    Plan,
    Rule,
    RunFailed,
    Source,
    World,
    Write,
)
from ci_port.model.absent import is_absent
from ci_port.model.case import refusal
from ci_port.model.plan import Umask, text_of

Program = Callable[[Session], None]
"""A script: it drives a session, and ends or raises what the session raises."""


def observe(
    program: Program, world: World, case: Case, *, own: Own = NOTHING, bench: Bench | None = None
) -> Observation:
    """Return what `program` would do in the case's environment and world.

    `own` are the files that stand beside the script; `bench` really runs tools, where the world is of version 2.

    Raises RunFailed for what cannot be known without running something.
    """
    if problem := refusal(case, world.version):
        raise RunFailed(problem)
    if case.world and case.world.absent and own:
        own = {path: node for path, node in own.items() if not is_absent(path, case.world.absent)}
    world = world.overlaid(case.world)
    start = dict(world.start(dict(case.env)))
    if problem := why_not_followed(start):
        raise RunFailed(problem)
    host = PlanHost(prepare(world, own), start, bench, case.stdin)
    session = Session(host, start, world.workspace, case.args)
    host.place = session.place
    status = planned(lambda: session.complete(program))
    plan = Plan(tuple(host.steps), status)
    unanswered = tuple(dict.fromkeys(host.unanswered))
    return Observation(plan, tuple(host.places), unanswered, version=world.version)


class PlanHost(PlannedTools):
    """A `Host` that answers from the world.

    What it may not guess: tools that only really running them could plan, without a bench, and files with content that
    are sourced. Both raise RunFailed.
    """

    def __init__(
        self, prepared: Prepared, start: Mapping[str, str], bench: Bench | None = None, stdin: str | None = None
    ) -> None:
        """Take the world with the case's changes in it, and the environment and input that the run starts with."""
        super().__init__(prepared, start, bench, stdin)
        self._uses: dict[int, int] = {}
        self._tools_at = frozenset(prepared.world.path.split(":"))

    def execute(self, command: Command) -> Outcome:
        """Write the command down and answer with the first rule that speaks of it, or as the tool would."""
        argv = plain_words(command.argv)
        if not self._effects and argv[0] in self._world.pure:
            if (done := self._cat(argv, command.cwd)) is None:
                raise not_computed("a pure tool that the port does not compute", self.place(), argv)
            if done.status >= 0:
                return Outcome(done.status, done.stdout)
        try:
            streams = self._opened(command)
        except OSError:
            return Outcome(1)
        rule = self._rules.answer((self._name(argv[0]), *argv[1:]) if self._effects else argv, self._uses)
        if rule is None and self._effects:
            if (kind := self._tool_kind(argv[0])) is not None and not self._stands_before(argv[0], command):
                return self._run_tool(command, argv, streams, kind)
            if missing := self._not_found(argv[0], command.cwd):
                return self._refused(missing, command, streams)
            if self._is_followed(argv, command.cwd):
                return self._run_followed(command, argv, streams)
        return self._answered(command, argv, streams, rule)

    def _answered(self, command: Command, argv: tuple[str, ...], streams: Streams, rule: Rule | None) -> Outcome:
        """A command that runs: what its rule says; without one it ends with 0, and what it prints is not known."""
        fed = fed_to(command)
        if isinstance(command.stdin, Stream) and "-" in argv and not self._effects:
            # The one way in which a command of a dry run reads its standard input (tests/parity/recorded/README.md).
            command.stdin.drain()
        status = rule.status if rule else 0
        self._note(self._step(command, argv, streams, status, fed))
        if rule is None:
            return self._unanswered(command, argv, streams)
        if self._effects:
            self._take_effect(rule, argv, command.cwd)
        return self._delivered(command, streams, status, rule.stdout, rule.stderr)

    def _unanswered(self, command: Command, argv: tuple[str, ...], streams: Streams) -> Outcome:
        if os.path.basename(argv[0]) in _SILENT and self._effects:
            return Outcome()
        if command.stdout == PIPE:
            self._ask(Asked.OUTPUT, argv)
        if self._effects:
            for path in filter(None, (streams.stdout, streams.stderr)):
                self._prints(path, argv)
            self._guess()
        return Outcome()

    def _take_effect(self, rule: Rule, argv: tuple[str, ...], cwd: str) -> None:
        effects = rule.effects(argv, cwd)
        for path in effects.removes:
            self._remove(path)
        for path, made in effects.makes:
            self._make(path, Directory() if made is None else node_of(made))

    def source(self, path: str, args: tuple[str, ...], scope: Scope) -> Left:
        """Write the file down. A missing one contributes nothing; one with content cannot be known."""
        del args
        whole = os.path.join(scope.cwd, path)
        content = self.read(whole)
        if content and content.strip():
            raise RunFailed("a sourced file with content cannot be planned", self.place(), f"source {path}")
        if content is None and self._effects:
            return Left(1)
        self._note(Source(path))
        return Left()

    def defines(self, name: str) -> bool:
        """A file that contributes nothing defines nothing."""
        del name
        return False

    def call(self, argv: tuple[str, ...], scope: Scope) -> Left:
        """There is none to call."""
        del scope
        raise RunFailed("there is no such function", self.place(), " ".join(argv))

    def write(self, path: str, text: str, *, append: bool) -> int:
        """Write the file down, and let the rest of the run see it."""
        if is_device(path):
            return 0
        try:
            written = self._put(path, text, append)
        except OSError:
            return 1
        content = text_of(text.encode("utf-8", "surrogateescape")) if text or self._effects else None
        self._note(Write(self._world.relative(written), append, content))
        return 0

    def umask(self, value: int) -> int:
        """Write the mask down."""
        self._umask = value
        self._note(Umask(f"{value:03o}"))
        return 0

    def limit(self, resource: str, value: int) -> int:
        """Write the limit down."""
        self._note(Limit(resource, value))
        return 0

    def say(self, text: str) -> int:
        """A dry run is silent."""
        del text
        return 0

    # Which commands there are.

    def command(self, name: str, paths: Sequence[str]) -> int | None:
        """Look into the tree; a command that the world answers is in the first directory of its own `PATH`."""
        for number, path in enumerate(paths):
            node = self._tree.node(path)
            if isinstance(node, Regular) and self._tree.allows(node, EXECUTE):
                return number
        if not self._effects or name in self._world.missing:
            return None
        if self._is_answered(name):
            own = self._world.path.split(":")
            return next((number for number, path in enumerate(paths) if os.path.dirname(path) in own), None)
        self._ask(Asked.COMMAND, (name,))
        return None

    def _stands_before(self, name: str, command: Command) -> bool:
        """Return whether a script of a tool's name stands on PATH before the directories where the tools are."""
        for directory in command.env.get("PATH", "").split(":") if "/" not in name else ():
            if directory in self._tools_at:
                return False
            node = self._tree.node(os.path.join(command.cwd, directory, name))
            if isinstance(node, Regular) and node.text and self._tree.allows(node, EXECUTE):
                return True
        return False

    def _not_found(self, word: str, cwd: str) -> int:
        """Return 127 or 126 for a command that bash cannot start (bash manual, "Exit Status"), 0 for any other."""
        if "/" not in word:
            return 127 if word in self._world.missing else 0
        node = self._look(os.path.join(cwd, word))
        if node is None:
            return 127
        return 0 if self.is_executable(os.path.join(cwd, word)) else 126

    def _refused(self, status: int, command: Command, streams: Streams) -> Outcome:
        if streams.stderr or command.stderr == PIPE:
            problem = "what the shell says of a command that it cannot start is not known here"
            raise RunFailed(problem, self.place(), str(command.argv[0]))
        return Outcome(status)


_SILENT = frozenset(("sleep",))
"""Commands of which all is known: they print nothing, and succeed."""
