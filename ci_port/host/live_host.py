"""`LiveHost`: the side of the seam that really executes, as bash would.

Every command runs in a process group of its own, with this process's standard input, output and error unless it is
redirected. Signals that end a shell go to the running command first; what bash does about them then is done here
(see `LiveHost.receive`). Standard library only.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import ParamSpec, TypeVar

from ci_port.bash.quoting import traced
from ci_port.host import processes, programs, sourcing
from ci_port.host.processes import FORWARDED, Redirections
from ci_port.host.seam import PIPE, Command, Interrupted, Left, Outcome, ProcessSubstitution, Scope, Stream
from ci_port.model import RunFailed

_P = ParamSpec("_P")
_R = TypeVar("_R")

PATIENCE = 5.0
"""Seconds that a command has, after a TERM or HUP was passed on to it, before the run ends without it."""

_STDIN, _STDOUT, _STDERR, _SUBSTITUTION = range(4)
_PSEUDO_FILE = 63


class LiveHost:
    """A `Host` that acts. One at a time: it takes over the process's signals from `begin` to `end`.

    `script` is the name under which it speaks on standard error, `bash` runs what is sourced; `prelude` is a file of
    the script that only defines functions, which files that are sourced may call.
    """

    def __init__(self, script: str, bash: str = "/bin/bash", prelude: str | None = None) -> None:
        self.steps = 0
        """How many steps were taken: commands, sourced files, written files, limits."""
        self.seconds: list[float] = []
        """How long each of them took."""
        self._prefix = f"{script}: "
        self._script = script
        self._bash = bash
        self._prelude = prelude
        self._level = str(_number(os.environ.get("SHLVL")) + 1)
        self._functions = ""
        self._names: frozenset[str] = frozenset()
        self._arrays: dict[str, str] = {}
        self._group = 0
        self._signal = 0
        self._ending = False
        self._waiting = False
        self._old: dict[int, object] = {}

    # Signals

    def begin(self) -> None:
        """Take over the signals that end a shell, except those that were ignored when the process started."""
        for number in FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._old[number] = signal.signal(number, self.receive)
        # Ignored, it would take away the statuses of commands; bash does not leave it ignored either.
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._old[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._give_up)

    def end(self) -> None:
        """Give the signals back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._old.clear()

    def ending(self) -> None:
        """From here on only EXIT handlers run: as in bash, another signal does not disturb them."""
        self._ending = True
        self._signal = 0

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Pass a signal on to the running command.

        What follows is what bash does (jobs.c, sig.c): after INT it goes on unless the command died of it; TERM and
        HUP end the run in any case. Bash does not even wait for the command then; here it has `PATIENCE` seconds.
        """
        del frame
        if self._ending:
            return
        self._signal = self._signal or number
        if self._group:
            self._pass_on(number)

    def _give_up(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._waiting:
            raise _GaveUp

    def _pass_on(self, number: int) -> None:
        _send(self._group, number)
        if number != signal.SIGINT:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def check(self) -> None:
        """Raise Interrupted if a signal came while no command was running."""
        if self._signal:
            raise Interrupted(self._signal)

    # Commands

    def execute(self, command: Command) -> Outcome:
        """Run a command to its end."""
        began = self._begin_step(_words(command.argv), 2 if command.stdout == PIPE else 1)
        try:
            name = _words(command.argv)[0]
            found = programs.find(name, command.cwd, command.env.get("PATH"))
            if isinstance(found, programs.Refused):
                return self._refused(found, command)
            return self._run(found, command)
        finally:
            self.seconds.append(time.monotonic() - began)

    def source(self, path: str, args: tuple[str, ...], scope: Scope) -> Left:
        """Source a file in a real bash; a path without a slash is looked for in PATH first, as bash does."""
        return self._in_bash((path, *args), scope, call=False)

    def defines(self, name: str) -> bool:
        """Return whether a sourced file has defined a function of this name."""
        return name in self._names

    def call(self, argv: tuple[str, ...], scope: Scope) -> Left:
        """Run such a function in a real bash."""
        return self._in_bash(argv, scope, call=True)

    def write(self, path: str, text: str, *, append: bool) -> int:
        """Write a file; what goes wrong is said on standard error."""
        began = self._begin_step(("printf", "%s", text), 1)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
        self.steps += 1
        try:
            fd = os.open(path, flags, 0o666)
            try:
                _write(fd, text)
            finally:
                os.close(fd)
        except OSError as error:
            self._complain(f"{path}: {error.strerror}")
            return 1
        finally:
            self.seconds.append(time.monotonic() - began)
        return 0

    def limit(self, resource: str, value: int) -> int:
        """Set a limit, soft and hard, as `ulimit` does."""
        import resource as limits

        began = self._begin_step(("ulimit", f"--{resource}", str(value)), 1)
        self.steps += 1
        try:
            limits.setrlimit(getattr(limits, f"RLIMIT_{resource.upper()}"), (value, value))
        except (OSError, ValueError) as error:
            self._complain(f"ulimit: {resource}: cannot modify limit: {error}")
            return 1
        finally:
            self.seconds.append(time.monotonic() - began)
        return 0

    def say(self, text: str) -> int:
        """Print a line. A reader that has gone ends the run, as SIGPIPE ends bash; another failure is a status."""
        self.check()
        try:
            _write(_STDOUT, text + "\n")
        except BrokenPipeError:
            raise Interrupted(signal.SIGPIPE) from None
        except OSError as error:
            self._complain(f"echo: write error: {error.strerror}")
            return 1
        return 0

    # Files

    def enter(self, directory: str) -> bool:
        """Return whether one can change into the directory."""
        self.check()
        reason = _why_not_entered(directory)
        if reason:
            self._complain(f"cd: {directory}: {reason}")
        return not reason

    def is_file(self, path: str) -> bool:
        """Return whether the path is a regular file."""
        return os.path.isfile(path)

    def is_dir(self, path: str) -> bool:
        """Return whether the path is a directory."""
        return os.path.isdir(path)

    def is_executable(self, path: str) -> bool:
        """Return whether the path is a file that can be executed."""
        return os.path.isfile(path) and os.access(path, os.X_OK)

    def read(self, path: str) -> str | None:
        """Return the content of a file; None if it cannot be read."""
        try:
            with open(path, "rb") as file:
                return os.fsdecode(file.read())
        except OSError as error:
            self._complain(f"{path}: {error.strerror}")
            return None

    def names(self, directory: str) -> Iterable[str]:
        """Return the names in a directory."""
        try:
            return os.listdir(directory)
        except OSError:
            return ()

    def resolve(self, path: str) -> str | None:
        """Return the physical path, as `realpath` prints it."""
        try:
            above = os.path.realpath(os.path.dirname(path.rstrip("/")) or "/", strict=True)
            resolved = os.path.realpath(os.path.join(above, os.path.basename(path.rstrip("/"))))
            os.path.realpath(os.path.dirname(resolved), strict=True)
        except OSError as error:
            self._complain(f"realpath: {path}: {error.strerror}")
            return None
        return resolved

    def home(self) -> str:
        """Return the user's home directory from the account database."""
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return "/"

    # Inside

    def _begin_step(self, words: Iterable[str], depth: int) -> float:
        self.check()
        self._say_on_stderr(traced(words, depth))
        return time.monotonic()

    def _run(self, file: str, command: Command) -> Outcome:
        """Run a file that was found, with its pipes."""
        opened: list[int] = []
        fds: dict[int, int] = {}
        try:
            argv = [self._word(word, fds, opened) for word in command.argv]
            if isinstance(command.stdin, Stream):
                fds[_STDIN] = self._filled(command.stdin.drain(), opened)
            reader = self._capture(command, fds, opened)
            redirections = Redirections(fds, [*_paths(command)])
            pid = self._start(file, argv, self._environment(command, file), command.cwd, redirections)
            output = self._read(reader, fds, opened)
            status = self._wait(pid, argv)
            if isinstance(command.stdin, Stream):
                command.stdin.put_back(os.fsdecode(processes.read_all(fds[_STDIN])))
            return Outcome(status, output)
        finally:
            for fd in opened:
                os.close(fd)

    def _start(self, file: str, argv: list[str], env: Mapping[str, str], cwd: str, redirections: Redirections) -> int:
        pid = processes.start(file, argv, env, cwd, redirections, self._prefix)
        self.steps += 1
        self._group = pid
        if self._signal:  # it came while the command was being started
            self._pass_on(self._signal)
        return pid

    def _read(self, reader: int | None, fds: Mapping[int, int], opened: list[int]) -> str:
        if reader is None:
            return ""
        # The child alone holds the writing end from here on, so that its end is the end.
        writer = fds[_STDOUT]
        opened.remove(writer)
        os.close(writer)
        return os.fsdecode(self._patiently(processes.read_all, reader))

    def _wait(self, pid: int, argv: list[str]) -> int:
        """Return the command's status as bash counts it; raises Interrupted if a signal has ended the run."""
        _, how = self._patiently(os.waitpid, pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._group = 0
        code = os.waitstatus_to_exitcode(how)
        if processes.listen_to(os.getpgrp(), pid) and code == -signal.SIGINT:
            self._signal = signal.SIGINT  # Ctrl-C, which the terminal sent to the command alone
        if self._signal == signal.SIGINT and code != -signal.SIGINT:
            self._signal = 0  # the command has dealt with it
        self.check()
        if code < 0:
            self._report_death(pid, -code, argv)
        return code if code >= 0 else 128 - code

    def _patiently(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Wait with a function; after a signal that ends the run, only as long as it is worth."""
        self._waiting = True
        try:
            return function(*args, **kwargs)
        except _GaveUp:
            raise self._abandoned() from None
        finally:
            self._waiting = False

    def _abandoned(self) -> Interrupted:
        """Go on without a command that a signal does not end. Bash would not have waited at all."""
        self._complain(f"the running command does not end by {signal.Signals(self._signal).name}; going on without it")
        self._group = 0
        return Interrupted(self._signal)

    def _report_death(self, pid: int, number: int, argv: list[str]) -> None:
        if number not in (signal.SIGINT, signal.SIGPIPE):
            self._complain(f"{pid} {signal.strsignal(number)}  {' '.join(argv)}")

    def _word(self, word: str | ProcessSubstitution, fds: dict[int, int], opened: list[int]) -> str:
        if isinstance(word, str):
            return word
        number = _PSEUDO_FILE - sum(fd > _STDERR for fd in fds)
        fds[number] = self._filled(word.text, opened)
        return f"/dev/fd/{number}"

    def _filled(self, text: str, opened: list[int]) -> int:
        try:
            reader = processes.pipe_with(text)
        except OSError as error:
            raise RunFailed(f"a pipe cannot hold {len(text)} characters: {error.strerror}") from None
        opened.append(reader)
        return reader

    def _capture(self, command: Command, fds: dict[int, int], opened: list[int]) -> int | None:
        if command.stdout != PIPE:
            return None
        reader, writer = os.pipe()
        opened += (reader, writer)
        fds[_STDOUT] = writer
        if command.stderr == PIPE:
            fds[_STDERR] = writer
        return reader

    def _environment(self, command: Command, file: str) -> dict[str, str]:
        """Return the environment as a command gets it from bash, which adds these."""
        own = {"PWD": command.cwd, "SHLVL": self._level, "_": file}
        if command.previous is not None:
            own["OLDPWD"] = command.previous
        return {**command.env, **own}

    def _refused(self, refused: programs.Refused, command: Command) -> Outcome:
        """Say why a command cannot run, there where its standard error goes."""
        if command.stderr is None:
            self._complain(refused.message)
        return Outcome(refused.status, f"{self._prefix}{refused.message}\n" if command.stderr == PIPE else "")

    # Sourced files

    def _in_bash(self, argv: tuple[str, ...], scope: Scope, *, call: bool) -> Left:
        """Run a sourced file or a function, and return what it has left behind."""
        began = self._begin_step(argv if call else ("source", *argv), 1)
        text = sourcing.program(scope, self._functions, self._arrays.values(), self._prelude, call=call)
        program, before, after = (os.memfd_create(name) for name in ("program", "before", "after"))
        try:
            _write(program, text)
            fds = {60: program, sourcing.BEFORE: before, sourcing.AFTER: after}
            words = ["bash", "-c", "source /dev/fd/60", self._script, *argv]
            env = {**scope.environment, "PWD": scope.cwd, "SHLVL": str(_number(self._level) - 1)}
            if scope.previous is not None:
                env["OLDPWD"] = scope.previous
            status = self._wait(self._start(self._bash, words, env, scope.cwd, Redirections(fds, [])), words)
            return self._left(sourcing.state(_content(before)), sourcing.state(_content(after)), status, scope)
        finally:
            for fd in (program, before, after):
                os.close(fd)
            self.seconds.append(time.monotonic() - began)

    def _left(self, before: sourcing.State, after: sourcing.State, status: int, scope: Scope) -> Left:
        if after.settings != before.settings:
            raise RunFailed("a sourced file changed how the shell works (IFS, or `set`)")
        self._functions = after.functions
        self._names = (self._names | after.names) - (before.names - self._names)
        self._arrays.update(sourcing.arrays(before, after))
        cwd = after.cwd if after.cwd != scope.cwd else None
        return Left(status, not after.returned, cwd, sourcing.changes(before, after))

    # Speaking

    def _complain(self, message: str) -> None:
        self._say_on_stderr(self._prefix + message)

    def _say_on_stderr(self, line: str) -> None:
        try:
            _write(_STDERR, line + "\n")
        except BrokenPipeError:
            raise Interrupted(signal.SIGPIPE) from None
        except OSError:
            pass  # nobody can be told, and bash does not mind either


class _GaveUp(BaseException):
    """The running command has used up the time that it had after a signal."""


def _send(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        pass  # it runs as somebody else (sudo), and bash could not have told it either


def _paths(command: Command) -> Iterable[tuple[int, str]]:
    if isinstance(command.stdin, str):
        yield _STDIN, command.stdin
    if command.stdout not in (None, PIPE):
        yield _STDOUT, command.stdout or ""
    if command.stderr not in (None, PIPE):
        yield _STDERR, command.stderr or ""


def _words(argv: tuple[str | ProcessSubstitution, ...]) -> list[str]:
    return [word if isinstance(word, str) else f"/dev/fd/{_PSEUDO_FILE}" for word in argv]


def _why_not_entered(directory: str) -> str:
    if not os.path.exists(directory):
        return "No such file or directory"
    if not os.path.isdir(directory):
        return "Not a directory"
    return "" if os.access(directory, os.X_OK) else "Permission denied"


def _write(fd: int, text: str) -> None:
    data = os.fsencode(text)
    while data:
        data = data[os.write(fd, data) :]


def _content(fd: int) -> str:
    os.lseek(fd, 0, os.SEEK_SET)
    return os.fsdecode(processes.read_all(fd))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


if sys.platform != "linux":
    raise ImportError("commands are run on Linux only")
