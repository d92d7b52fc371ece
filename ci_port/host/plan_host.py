"""`PlanHost`: the side of the seam that runs nothing. It answers from a `World` and writes down a plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ci_port.bash import pattern
from ci_port.bash.variables import CARRIED, why_not_followed
from ci_port.host import file_tools
from ci_port.host.answers import Prepared, prepare
from ci_port.host.bench import Bench, Done, Task
from ci_port.host.planned_files import PlannedFiles, is_device
from ci_port.host.seam import (
    NULL,
    PIPE,
    Command,
    HereDocument,
    Left,
    Outcome,
    ProcessSubstitution,
    Scope,
    Stream,
    Word,
)
from ci_port.host.session import Session
from ci_port.host.tree import EXECUTE, NOTHING, Directory, Own, Regular, node_of
from ci_port.model import (
    Asked,
    Case,
    Execute,
    Limit,
    Observation,
    Place,
    Plan,
    Rule,
    RunFailed,
    Source,
    Step,
    World,
    Write,
)
from ci_port.model.absent import is_absent
from ci_port.model.case import refusal
from ci_port.model.plan import Changes, Text, Umask, text_of
from ci_port.model.tools import FILE_TOOLS

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
    status = session.complete(program)
    plan = Plan(tuple(host.steps), status)
    unanswered = tuple(dict.fromkeys(host.unanswered))
    return Observation(plan, tuple(host.places), unanswered, version=world.version)


class _Streams(NamedTuple):
    """The standard streams of a command as a plan names them, and the files that its outputs go into."""

    names: tuple[str | None, str | None, str | None]
    stdout: str | None = None
    stderr: str | None = None


class PlanHost(PlannedFiles):
    """A `Host` that answers from the world; `steps` and `places` grow together.

    What it may not guess: tools that only really running them could plan, without a bench, and files with content that
    are sourced. Both raise RunFailed.
    """

    def __init__(
        self, prepared: Prepared, start: Mapping[str, str], bench: Bench | None = None, stdin: str | None = None
    ) -> None:
        """Take the world with the case's changes in it, and the environment and input that the run starts with."""
        super().__init__(prepared.world, prepared.tree.copy())
        self.steps: list[Step] = []
        self.places: list[Place] = []
        self._rules = prepared.rules(start)
        self._uses: dict[int, int] = {}
        self._known: Mapping[str, str] = start
        self._bench = bench
        self._stdin = stdin

    def execute(self, command: Command) -> Outcome:
        """Write the command down and answer with the first rule that speaks of it, or as the tool would."""
        argv = _plain_words(command.argv)
        if not self._effects and argv[0] in self._world.pure:
            if (done := self._cat(argv, command.cwd)) is None:
                raise _not_computed("a pure tool that the port does not compute", self.place(), argv)
            if done.status >= 0:
                return Outcome(done.status, done.stdout)
        try:
            streams = self._opened(command)
        except OSError:
            return Outcome(1)
        rule = self._rules.answer((self._name(argv[0]), *argv[1:]) if self._effects else argv, self._uses)
        if rule is None and self._effects:
            if (kind := self._tool_kind(argv[0])) is not None:
                return self._run_tool(command, argv, streams, kind)
            if missing := self._not_found(argv[0], command.cwd):
                return self._refused(missing, command, streams)
            if self._is_followed(argv, command.cwd):
                return self._run_followed(command, argv, streams)
        return self._answered(command, argv, streams, rule)

    def _answered(self, command: Command, argv: tuple[str, ...], streams: _Streams, rule: Rule | None) -> Outcome:
        """A command that runs: what its rule says; without one it ends with 0, and what it prints is not known."""
        fed = _fed(command)
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

    def _unanswered(self, command: Command, argv: tuple[str, ...], streams: _Streams) -> Outcome:
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

    def _delivered(self, command: Command, streams: _Streams, status: int, stdout: str, stderr: str) -> Outcome:
        """Put what was printed where the outputs go; return what comes back to the shell."""
        for path, text in ((streams.stdout, stdout), (streams.stderr, stderr)):
            if path is not None and text:
                self._tree.write(path, text, 0o666 & ~self._umask, append=True)
        both = stdout + stderr if command.stderr == PIPE and self._effects else stdout
        return Outcome(status, both if command.stdout == PIPE else "")

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

    def _is_answered(self, name: str) -> bool:
        return self._rules.names(name) or self._tool_kind(name) is not None

    def _name(self, word: str) -> str:
        """Return by which name rules speak of a command: one called by the path of `command -v` by its plain name."""
        directory, _, name = word.rpartition("/")
        if not self._effects or not directory or directory not in self._world.path.split(":"):
            return word
        return name if self._is_answered(name) and self._tree.node(word) is None else word

    def _tool_kind(self, word: str) -> str | None:
        """Return `text` or `file` for a tool that really runs, None for any other command."""
        name = next((word[len(directory) :] for directory in _BIN if word.startswith(directory)), word)
        if name in self._world.pure:
            return "text"
        return "file" if name in FILE_TOOLS and name not in self._world.missing else None

    def _not_found(self, word: str, cwd: str) -> int:
        """Return 127 or 126 for a command that bash cannot start (bash manual, "Exit Status"), 0 for any other."""
        if "/" not in word:
            return 127 if word in self._world.missing else 0
        node = self._look(os.path.join(cwd, word))
        if node is None:
            return 127
        return 0 if self.is_executable(os.path.join(cwd, word)) else 126

    def _refused(self, status: int, command: Command, streams: _Streams) -> Outcome:
        if streams.stderr or command.stderr == PIPE:
            problem = "what the shell says of a command that it cannot start is not known here"
            raise RunFailed(problem, self.place(), str(command.argv[0]))
        return Outcome(status)

    def _is_followed(self, argv: tuple[str, ...], cwd: str) -> bool:
        """Return whether the world says to look into the script that the command is."""
        if not self._world.follow:
            return False
        words = argv
        if os.path.basename(argv[0]) in ("bash", "sh"):
            words = tuple(word for word in argv[1:] if not word.startswith(("-", "+")))
        elif "/" not in argv[0]:
            return False
        if not words or any(word.startswith("-") and "c" in word for word in argv[1:2]):
            return False
        inside = self._world.relative(os.path.normpath(os.path.join(cwd, words[0])))
        return any(pattern.matches(glob, inside) for glob in self._world.follow)

    # What really runs.

    def _run_tool(self, command: Command, argv: tuple[str, ...], streams: _Streams, kind: str) -> Outcome:
        fed = _fed(command) if os.path.basename(argv[0]) in _READING else None
        done = self._in_memory(command, argv, streams, kind) or self._on_bench(command, argv)
        if kind == "file" or done.own:
            self._note(self._step(command, argv, streams, done.status, fed))
        else:
            self._note_written(command, streams, done)
        for started in done.started:
            names = zip(_STREAMS, streams.names, strict=True)
            own: dict[str, Any] = {name: to for name, to in names if to and getattr(started.step, name) is None}
            self._note(replace(started.step, env=self._changes(started.env), **own))
        self._change(done.changes.items())
        return self._delivered(command, streams, done.status, done.stdout, done.stderr)

    def _run_followed(self, command: Command, argv: tuple[str, ...], streams: _Streams) -> Outcome:
        fed = _fed(command)
        step = self._step(command, argv, streams, 0, fed)
        done = self._on_bench(command, argv)
        if done.own is None:
            raise _not_computed("a script that is followed, and was not seen to run", self.place(), argv)
        self._note(replace(step, status=done.status, steps=done.own.step.steps))
        self._known = done.own.env
        self._change(done.changes.items())
        return self._delivered(command, streams, done.status, done.stdout, done.stderr)

    def _in_memory(self, command: Command, argv: tuple[str, ...], streams: _Streams, kind: str) -> Done | None:
        """Return how a tool ends of which all is known here; None: somebody must really run it."""
        hears = command.stderr not in (None, NULL)
        if kind == "text":
            done = None if hears else self._cat(argv, command.cwd)
            return done if done is not None and done.status == 0 else None
        tried = self._tree.copy()
        status = file_tools.run(argv, tried, command.cwd, self._umask)
        says = any(word.startswith("-") and "v" in word for word in argv)
        if status is None or (status and hears) or (says and (streams.stdout or command.stdout == PIPE)):
            return None
        if "POSIXLY_CORRECT" in command.env:
            return None
        self._tree.become(tried)
        return Done(status, "", "", {})

    def _cat(self, argv: tuple[str, ...], cwd: str) -> Done | None:
        """Return what `cat FILE` prints; None for what is not computed here, status -1 for a file that is not there."""
        if argv[0] != "cat" or len(argv) != 2 or (argv[1].startswith("-") and self._effects):
            return None
        path = os.path.join(cwd, argv[1])
        if not argv[1]:
            return Done(-1, "", "", {})
        if self._tree.is_dir(path):
            return Done(1, "", "", {})
        text = self.read(path)
        return Done(-1, "", "", {}) if text is None else Done(0, text, "", {})

    def _on_bench(self, command: Command, argv: tuple[str, ...]) -> Done:
        if self._bench is None:
            raise _not_computed("a tool that only a recorder can run, and there is none here", self.place(), argv)
        if any(isinstance(word, ProcessSubstitution) for word in command.argv):
            raise _not_computed("a process substitution for a tool that really runs", self.place(), argv)
        for word in argv[1:]:
            self._read_printed(os.path.normpath(os.path.join(command.cwd, word)))
        task = Task(
            self._world, argv, command.cwd, command.env, self._umask, self._input(command), command.stderr == PIPE
        )
        done = self._bench(task, self._tree)
        for one in done.unanswered:
            if one.what is not Asked.PATH or not self._is_settled(one.subject[0]):
                self._ask(one.what, one.subject)
        return done

    def _input(self, command: Command) -> str | None:
        stdin = command.stdin
        if isinstance(stdin, Stream):
            return stdin.drain()
        if isinstance(stdin, HereDocument):
            return stdin.text
        return self._stdin if stdin is None else self.read(stdin) or ""

    # What is written down.

    def _opened(self, command: Command) -> _Streams:
        """Open what the command is redirected to, as bash does before it starts; raises OSError if that fails."""
        if command.stdin is None and command.stdout in _PLAIN and command.stderr in _PLAIN:
            return _Streams((None, command.stdout, command.stderr))
        stdin = command.stdin
        names: list[str | None] = [
            PIPE if isinstance(stdin, Stream) else "heredoc" if isinstance(stdin, HereDocument) else stdin
        ]
        if names[0] and not isinstance(stdin, (Stream, HereDocument)):
            names[0] = self._shown(names[0])
        files: list[str | None] = []
        for output in (command.stdout, command.stderr):
            if output is None or output == PIPE or is_device(output):
                names.append(output)
                files.append(None)
                continue
            appends, path = output.startswith(">>"), output.removeprefix(">>")
            shares = output == command.stdout and len(files) == 1
            if self._effects and not is_device(path):
                files.append(files[0] if shares else self._put(path, "", appends))
            else:
                files.append(None)
            names.append(path if is_device(path) else (">>" if appends else "") + self._shown(path))
        return _Streams((names[0], names[1], names[2]), files[0], files[1])

    def _shown(self, path: str) -> str:
        """Return a file as a plan names it."""
        if is_device(path):
            return path
        node = self._tree.node(path) if self._effects else None
        return self._world.relative(path if node is None else self._tree.physical(path))

    def _step(
        self, command: Command, argv: tuple[str, ...], streams: _Streams, status: int, fed: Text | None
    ) -> Execute:
        cwd = self._shown(command.cwd)
        return Execute(argv, cwd, self._changes(command.env), status, *streams.names, fed)

    def _note_written(self, command: Command, streams: _Streams, done: Done) -> None:
        """What a text tool prints into a file, the script itself has written."""
        outputs = ((streams.stdout, command.stdout, done.stdout), (streams.stderr, command.stderr, done.stderr))
        for path, output, text in outputs:
            if path is not None and output is not None:
                content = text_of(text.encode("utf-8", "surrogateescape"))
                self._note(Write(self._world.relative(path), output.startswith(">>"), content))

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


_STREAMS = ("stdin", "stdout", "stderr")
_PLAIN = (None, PIPE, NULL)
_PSEUDO_FILE = "/dev/fd/63"
_BIN = ("/usr/bin/", "/bin/")
_SILENT = frozenset(("sleep",))
"""Commands of which all is known: they print nothing, and succeed."""
_READING = frozenset(("csplit", "dd", "split", "tee"))
"""File tools that read what is fed to them."""


def _not_computed(problem: str, place: Place, argv: tuple[str, ...]) -> RunFailed:
    return RunFailed(problem, place, " ".join(argv))


def _fed(command: Command) -> Text | None:
    """Return what waits on standard input, and behind it what process substitutions among the words feed."""
    stdin = command.stdin
    waiting = stdin.rest if isinstance(stdin, Stream) else stdin.text if isinstance(stdin, HereDocument) else ""
    fed = waiting + "".join(word.text for word in command.argv if isinstance(word, ProcessSubstitution))
    return text_of(fed.encode("utf-8", "surrogateescape")) if fed else None


def _plain_words(words: tuple[Word, ...]) -> tuple[str, ...]:
    return tuple(word if isinstance(word, str) else _PSEUDO_FILE for word in words)
