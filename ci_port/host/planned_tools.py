"""Tools of a planned run: they take effect on its files, worked out here or really run on a bench."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ci_port.bash import pattern
from ci_port.host import file_tools
from ci_port.host.answers import Prepared
from ci_port.host.bench import Bench, Done, Task
from ci_port.host.confined import released
from ci_port.host.planned_steps import PlannedSteps, Streams, fed_to
from ci_port.host.seam import NULL, PIPE, Command, HereDocument, Outcome, ProcessSubstitution, Stream
from ci_port.model import Asked, Place, RunFailed
from ci_port.model.tools import FILE_TOOLS

_STREAMS = ("stdin", "stdout", "stderr")
_BIN = ("/usr/bin/", "/bin/")
_READING = frozenset(("csplit", "dd", "split", "tee"))
"""File tools that read what is fed to them."""


class PlannedTools(PlannedSteps):
    """One run's tools. What can be said of one without running it is worked out here; all else is for the bench."""

    def __init__(self, prepared: Prepared, start: Mapping[str, str], bench: Bench | None, stdin: str | None) -> None:
        super().__init__(prepared.world, prepared.tree.copy(), start)
        self._rules = prepared.rules(start)
        self._bench = bench
        self._stdin = stdin

    def _name(self, word: str) -> str:
        """Return by which name rules speak of a command: one called by the path of `command -v` by its plain name."""
        directory, _, name = word.rpartition("/")
        if not self._effects or not directory or directory not in self._world.path.split(":"):
            return word
        return name if self._is_answered(name) and self._tree.node(word) is None else word

    def _is_answered(self, name: str) -> bool:
        return self._rules.names(name) or self._tool_kind(name) is not None

    def _tool_kind(self, word: str) -> str | None:
        """Return `text` or `file` for a tool that really runs, None for any other command."""
        name = next((word[len(directory) :] for directory in _BIN if word.startswith(directory)), word)
        if name in self._world.pure:
            return "text"
        return "file" if name in FILE_TOOLS and name not in self._world.missing else None

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

    def _run_tool(self, command: Command, argv: tuple[str, ...], streams: Streams, kind: str) -> Outcome:
        fed = fed_to(command) if os.path.basename(argv[0]) in _READING else None
        done = self._in_memory(command, argv, streams, kind) or self._on_bench(command, argv)
        if kind == "file" or done.own:
            self._note(self._step(command, argv, streams, done.status, fed))
        else:
            self._note_written(command, streams, done.stdout, done.stderr)
        for started in done.started:
            names = zip(_STREAMS, streams.names, strict=True)
            own: dict[str, Any] = {name: to for name, to in names if to and getattr(started.step, name) is None}
            self._note(replace(started.step, env=self._changes(started.env), **own))
        self._change(done.changes.items())
        return self._delivered(command, streams, done.status, done.stdout, done.stderr)

    def _run_followed(self, command: Command, argv: tuple[str, ...], streams: Streams) -> Outcome:
        fed = fed_to(command)
        step = self._step(command, argv, streams, 0, fed)
        done = self._on_bench(command, argv)
        if done.own is None:
            raise not_computed("a script that is followed, and was not seen to run", self.place(), argv)
        self._note(replace(step, status=done.status, steps=done.own.step.steps))
        self._known = done.own.env
        self._change(done.changes.items())
        return self._delivered(command, streams, done.status, done.stdout, done.stderr)

    def _in_memory(self, command: Command, argv: tuple[str, ...], streams: Streams, kind: str) -> Done | None:
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
            raise not_computed("a tool that only a recorder can run, and there is none here", self.place(), argv)
        if any(isinstance(word, ProcessSubstitution) for word in command.argv):
            raise not_computed("a process substitution for a tool that really runs", self.place(), argv)
        for word in argv[1:]:
            self._read_printed(os.path.normpath(os.path.join(command.cwd, word)))
        task = Task(
            self._world, argv, command.cwd, command.env, self._umask, self._input(command), command.stderr == PIPE
        )
        with released():
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

    def _delivered(self, command: Command, streams: Streams, status: int, stdout: str, stderr: str) -> Outcome:
        """Put what was printed where the outputs go; return what comes back to the shell."""
        for path, text in ((streams.stdout, stdout), (streams.stderr, stderr)):
            if path is not None and text:
                self._tree.write(path, text, 0o666 & ~self._umask, append=True)
        both = stdout + stderr if command.stderr == PIPE and self._effects else stdout
        return Outcome(status, both if command.stdout == PIPE else "")


def not_computed(problem: str, place: Place, argv: tuple[str, ...]) -> RunFailed:
    return RunFailed(problem, place, " ".join(argv))
