"""Files that are sourced, and the functions that they define, run in a real bash."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ci_port.host.live import processes, sourcing
from ci_port.host.live.commands import Commands
from ci_port.host.live.processes import Redirections
from ci_port.host.live.speech import write
from ci_port.host.seam import Left, Scope
from ci_port.model import RunFailed

_PROGRAM = 60


class InBash(Commands):
    """Hands one bash's functions and lists on to the next.

    `bash` is the file to run, `prelude` a file of the script that only defines functions, which files that are sourced
    may call.
    """

    def __init__(self, script: str, bash: str, prelude: str | None) -> None:
        super().__init__(script)
        self._bash = bash
        self._prelude = prelude
        self._functions = ""
        self._names: frozenset[str] = frozenset()
        self._arrays: dict[str, str] = {}

    def source(self, path: str, args: tuple[str, ...], scope: Scope) -> Left:
        """Source a file in a real bash; a path without a slash is looked for in PATH first, as bash does."""
        return self._in_bash((path, *args), scope, call=False)

    def defines(self, name: str) -> bool:
        """Return whether a sourced file has defined a function of this name."""
        return name in self._names

    def call(self, argv: tuple[str, ...], scope: Scope) -> Left:
        """Run such a function in a real bash."""
        return self._in_bash(argv, scope, call=True)

    def _in_bash(self, argv: tuple[str, ...], scope: Scope, *, call: bool) -> Left:
        """Run a sourced file or a function, and return what it has left behind."""
        with self._step(argv if call else ("source", *argv)):
            text = sourcing.program(scope, self._functions, self._arrays.values(), self._prelude, call=call)
            names = ("program", "before", "after")
            program, before, after = (processes.out_of_the_way(os.memfd_create(name)) for name in names)
            try:
                write(program, text)
                redirections = Redirections({_PROGRAM: program, sourcing.BEFORE: before, sourcing.AFTER: after}, [])
                words = ["bash", "-c", f"source /dev/fd/{_PROGRAM}", self._script, *argv]
                pid = self._start(self._bash, words, self._environment_of(scope), scope.cwd, redirections)
                status = self._status(pid, self._wait_for_shell(pid), words)
                return self._left(sourcing.state(_content(before)), sourcing.state(_content(after)), status, scope)
            finally:
                for fd in (program, before, after):
                    os.close(fd)

    def _environment_of(self, scope: Scope) -> Mapping[str, str]:
        """Return the environment of that bash, which adds one to SHLVL itself."""
        env = {**scope.environment, "PWD": scope.cwd, "SHLVL": str(self._level - 1)}
        if scope.previous is not None:
            env["OLDPWD"] = scope.previous
        return env

    def _left(self, before: sourcing.State, after: sourcing.State, status: int, scope: Scope) -> Left:
        if after.settings != before.settings:
            raise RunFailed("a sourced file changed how the shell works (IFS, or `set`)")
        self._functions = after.functions
        self._names = (self._names | after.names) - (before.names - self._names)
        self._arrays.update(sourcing.arrays(before, after))
        cwd = after.cwd if after.cwd != scope.cwd else None
        return Left(status, not after.returned, cwd, sourcing.changes(before, after))


def _content(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    return os.fsdecode(processes.read_all(fd))
