"""`PlanHost`: the side of the seam that runs nothing. It answers from a `World` and writes down a plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from ci_port.bash.variables import CARRIED, why_not_followed
from ci_port.host.answers import prepare
from ci_port.host.seam import PIPE, Command, Left, Outcome, ProcessSubstitution, Scope, Stream, Word
from ci_port.host.session import Session
from ci_port.model import (
    Asked,
    Case,
    Execute,
    Limit,
    Observation,
    Place,
    Plan,
    RunFailed,
    Source,
    Step,
    Unanswered,
    World,
    Write,
)
from ci_port.model.case import refusal
from ci_port.model.plan import Changes, Text, text_of

Program = Callable[[Session], None]
"""A script: it drives a session, and ends or raises what the session raises."""


def observe(program: Program, world: World, case: Case) -> Observation:
    """Return what `program` would do in the case's environment and world.

    Raises RunFailed for what cannot be known without running something.
    """
    if problem := refusal(case, world.version):
        raise RunFailed(problem)
    world = world.overlaid(case.world)
    start = dict(world.start(dict(case.env)))
    if problem := why_not_followed(start):
        raise RunFailed(problem)
    host = PlanHost(world, start)
    session = Session(host, start, world.workspace)
    host.place = session.place
    status = session.complete(program)
    plan = Plan(tuple(host.steps), status)
    return Observation(plan, tuple(host.places), tuple(host.unanswered), version=world.version)


class PlanHost:
    """A `Host` that answers from the world; `steps` and `places` grow together.

    What it may not guess: pure tools other than `cat` (the port computes those itself), and files with content that
    are sourced. Both raise RunFailed.
    """

    def __init__(self, world: World, start: Mapping[str, str]) -> None:
        """Take the world with the case's changes in it, and the environment that the run starts with."""
        self.steps: list[Step] = []
        self.places: list[Place] = []
        self.unanswered: list[Unanswered] = []
        self.place: Callable[[], Place] = lambda: Place("", 0)
        prepared = prepare(world)
        self._world = world
        self._tree = prepared.tree
        self._rules = prepared.rules(start)
        self._uses: dict[int, int] = {}
        self._known: Mapping[str, str] = start

    def execute(self, command: Command) -> Outcome:
        """Write the command down and answer with the first rule that speaks of it."""
        argv = _plain_words(command.argv)
        if argv[0] in self._world.pure and (computed := self._pure(argv, command.cwd)) is not None:
            return computed
        rule = self._rules.answer(argv, self._uses)
        fed = _fed(command)
        if isinstance(command.stdin, Stream) and "-" in argv:
            # The one way in which a command of a dry run reads its standard input (tests/parity/recorded/README.md).
            command.stdin.drain()
        status = rule.status if rule else 0
        step = Execute(
            argv,
            self._world.relative(command.cwd),
            self._changes(command.env),
            status,
            PIPE if isinstance(command.stdin, Stream) else command.stdin and self._world.relative(command.stdin),
            command.stdout,
            command.stderr,
            fed,
        )
        self._note(step)
        if command.stdout != PIPE:
            return Outcome(status)
        if rule is None:
            self.unanswered.append(Unanswered(Asked.OUTPUT, argv, self.places[-1]))
        return Outcome(status, rule.stdout if rule else "")

    def source(self, path: str, args: tuple[str, ...], scope: Scope) -> Left:
        """Write the file down. A missing one contributes nothing; one with content cannot be known."""
        del args
        content = self._tree.read(path if path.startswith("/") else os.path.normpath(f"{scope.cwd}/{path}"))
        if content and content.strip():
            raise RunFailed("a sourced file with content cannot be planned", self.place(), f"source {path}")
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
        if self._tree.is_dir(path):
            return 1
        self._note(
            Write(
                self._world.relative(path), append, text_of(text.encode("utf-8", "surrogateescape")) if text else None
            )
        )
        before = self._tree.read(path) if append else None
        self._tree = self._tree.with_file(path, (before or "") + text)
        return 0

    def limit(self, resource: str, value: int) -> int:
        """Write the limit down."""
        self._note(Limit(resource, value))
        return 0

    def say(self, text: str) -> int:
        """A dry run is silent."""
        del text
        return 0

    def enter(self, directory: str) -> bool:
        """A directory that does not exist is there from now on (tests/parity/recorded/README.md)."""
        if self._tree.is_dir(directory):
            return True
        if self._tree.is_file(directory):
            return False
        self._tree = self._tree.with_dir(directory)
        return True

    def is_file(self, path: str) -> bool:
        """Look into the tree."""
        return self._tree.is_file(path)

    def is_dir(self, path: str) -> bool:
        """Look into the tree."""
        return self._tree.is_dir(path)

    def is_executable(self, path: str) -> bool:
        """Look at the world's executables."""
        return path in self._world.executables

    def read(self, path: str) -> str | None:
        """Look into the tree."""
        return self._tree.read(path)

    def names(self, directory: str) -> Iterable[str]:
        """Look into the tree."""
        return self._tree.names(directory)

    def resolve(self, path: str) -> str | None:
        """Look into the tree, which has no symbolic links."""
        return self._tree.resolve(path)

    def home(self) -> str:
        """The account of the world's user: where its environment says that home is."""
        return self._world.env.get("HOME", "/")

    def _pure(self, argv: tuple[str, ...], cwd: str) -> Outcome | None:
        """Return what a pure tool prints; None for `cat` of a missing file, which is a command like any other."""
        if argv[0] != "cat" or len(argv) != 2:
            raise RunFailed("a pure tool that the port does not compute", self.place(), " ".join(argv))
        path = os.path.normpath(os.path.join(cwd, argv[1]))
        if argv[1] and self._tree.is_dir(path):
            return Outcome(1)
        text = self._tree.read(path) if argv[1] else None
        return None if text is None else Outcome(0, text)

    def _changes(self, env: Mapping[str, str]) -> Changes:
        known = self._known
        if env is known or env == known:
            return ()
        self._known = env
        changed: list[tuple[str, str | None]] = [item for item in env.items() if known.get(item[0]) != item[1]]
        changed += [(name, None) for name in known if name not in env]
        return tuple(sorted(item for item in changed if item[0] not in CARRIED))

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        self.places.append(self.place())


_PSEUDO_FILE = "/dev/fd/63"


def _fed(command: Command) -> Text | None:
    """Return what waits in the pipe, and behind it what process substitutions among the words feed."""
    waiting = command.stdin.rest if isinstance(command.stdin, Stream) else ""
    fed = waiting + "".join(word.text for word in command.argv if isinstance(word, ProcessSubstitution))
    return text_of(fed.encode("utf-8", "surrogateescape")) if fed else None


def _plain_words(words: tuple[Word, ...]) -> tuple[str, ...]:
    return tuple(word if isinstance(word, str) else _PSEUDO_FILE for word in words)
