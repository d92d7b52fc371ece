"""`Session`: a shell without a command line. The port speaks to it in the words of a shell engineer.

What it keeps is what bash keeps: variables, directory, `$?`, whether a failure stops, the EXIT handlers. What stops
and what doesn't is in docs/bash.md#stopping; the handlers are in docs/bash.md#exit-handlers.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from ci_port.bash import arithmetic, globbing, pattern
from ci_port.bash.arithmetic import ArithmeticFault
from ci_port.bash.builtins import BUILTINS
from ci_port.bash.names import RESERVED
from ci_port.bash.paths import absolute
from ci_port.bash.pattern import PatternFault
from ci_port.host.filters import Filter
from ci_port.host.seam import NULL, PIPE, Command, Host, Input, Interrupted, Left, Outcome, Scope, Stream, Word
from ci_port.host.variables import Variables
from ci_port.model import Condition, Place, RunFailed

_P = ParamSpec("_P")
_R = TypeVar("_R")
Environ = Mapping[str, str]


class Stop(Exception):
    """The shell (or the subshell) ends with `status`."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Failed(Stop):
    """Something failed where nothing excuses it (`set -e`), or arithmetic was impossible."""


class Exit(Stop):
    """An explicit `exit`. The functions that were running are never left: their variables stay for the handlers."""


class _Return(Exception):
    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Session:
    """One run of a script on a host; commands are methods, variables are items (an unset one reads as empty)."""

    def __init__(self, host: Host, environment: Environ, directory: str) -> None:
        self.host = host
        self.variables = Variables(environment)
        self.cwd = directory
        self.previous: str | None = None
        self.status = 0
        self.functions: list[str] = []
        self._directories: list[str] = []
        self._handlers: list[Callable[[Session], None]] = []
        self._excused = False
        self._stdin: Stream | None = None

    # Variables

    def __getitem__(self, name: str) -> str:
        """`"$name"`."""
        return self.variables.get(name, "")

    def __setitem__(self, name: str, value: str) -> None:
        """`name=value`: reaches commands only if the name was exported before."""
        self.variables[name] = value
        self.status = 0

    def test(self, condition: Condition) -> bool:
        """`[[ condition ]]`."""
        self.status = 0
        return condition.holds(self.variables)

    def assign(self, name: str, value: str) -> None:
        """`name=$(...)`: set the variable to what was captured just now, then stop if the capture failed."""
        self.variables[name] = value
        self.settle()

    def export(self, **assignments: str) -> None:
        """`export NAME=value ...`."""
        for name, value in assignments.items():
            self.variables.export(name, value)
        self.status = 0

    def mark_for_export(self, name: str) -> None:
        """`export NAME`: an unset variable stays absent."""
        self.variables.export(name)
        self.status = 0

    def unexport(self, name: str) -> None:
        """`export -n NAME`: it keeps its value, but no longer reaches commands."""
        self.variables.unexport(name)

    def unset(self, name: str) -> None:
        """`unset NAME`."""
        self.variables.unset(name)

    def local(self, **assignments: str | None) -> None:
        """`local name=value ...`; None declares without a value."""
        for name, value in assignments.items():
            self.variables.local(name, value)
        self.status = 0

    def local_array(self, name: str, words: Iterable[str] = ()) -> None:
        """`local name=(words)`."""
        self.variables.local_array(name, tuple(words))
        self.status = 0

    def set_array(self, name: str, words: Iterable[str] = ()) -> None:
        """`name=(words)`: lists never reach commands."""
        self.variables.array(name, tuple(words))

    def array(self, name: str) -> tuple[str, ...]:
        """`"${name[@]}"`."""
        return self.variables.arrays.get(name, ())

    def each(self, name: str, words: Iterable[str]) -> Iterator[str]:
        """`for name in words`: the loop's variable is a shell variable."""
        for word in words:
            self[name] = word
            yield word

    def arithmetic(self, expression: str) -> str:
        """`$(( expression ))`; raises Failed (1) without a value, even where excused (docs/bash.md#arithmetic)."""
        try:
            return str(arithmetic.evaluate(expression, self.variables))
        except ArithmeticFault as fault:
            self.host.say(str(fault))
            raise Failed(1) from None

    def split(self, value: str) -> list[str]:
        """Unquoted `$value`: cut at blanks, each word globbed in the directory (docs/bash.md#unquoted-words)."""
        try:
            return globbing.expand(value, self.cwd, self.host) if value else []
        except PatternFault as fault:
            raise RunFailed(str(fault)) from None

    def glob(self, prefix: str, glob: str) -> list[str]:
        """`"$prefix"glob`: sorted matches; without any, the pattern itself is the one word."""
        try:
            return globbing.glob(pattern.escape(prefix) + glob, self.cwd, self.host) or [prefix + glob]
        except PatternFault as fault:
            raise RunFailed(str(fault)) from None

    def home(self) -> str:
        """`~`."""
        home = self.variables.get("HOME")
        return self.host.home() if home is None else home

    # Commands

    def run(
        self,
        *argv: Word,
        env: Environ | None = None,
        stdin: Input | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
    ) -> None:
        """Run a command; stop if it fails. `env` is for this command only; redirections as `Command` has them."""
        if self._defined(argv):
            self._call(argv, env)
        else:
            self._execute(argv, self._exported(env), stdin, stdout, stderr)
        if self.status:
            self.settle()

    def ok(
        self,
        *argv: Word,
        env: Environ | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
    ) -> bool:
        """Run a command where its status only selects: `if command`, `command && ...`, `command || true`."""
        self._execute(argv, self._exported(env), None, stdout, stderr)
        status, self.status = self.status, 0
        return status == 0

    def output(self, *argv: Word, through: Iterable[Filter] = (), stderr: str | None = None) -> str:
        r"""`$(command | filters)`: what was printed without trailing newlines. Never stops; see `assign`."""
        # A lone command takes the place of its subshell, for which bash makes the environment anew.
        alone = not through and stderr is None
        env = self.variables.fresh_environment() if alone else self.variables.environment()
        return self._pipeline(argv, env, through, stderr).rstrip("\n")

    def pipeline(self, *argv: Word, through: Iterable[Filter]) -> None:
        """`command | filters`: print what comes out; stop if any member fails (`pipefail`)."""
        text = self._pipeline(argv, self.variables.environment(), through, None)
        if text:
            self.status = self.host.say(text.removesuffix("\n")) or self.status
        self.settle()

    def status_of(self, function: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> int:
        """Return how something ended that was run where nothing inside it stops (`if`, `!`, before `||`)."""
        excused, self._excused = self._excused, True
        try:
            function(*args, **kwargs)
        finally:
            self._excused = excused
        status, self.status = self.status, 0
        return status

    def call(
        self, function: Callable[Concatenate[Session, _P], _R], env: Environ, *args: _P.args, **kw: _P.kwargs
    ) -> _R:
        """`NAME=value function args`: the environment is for the whole run of the function."""
        self.variables.push()
        self.variables.temporary(env)
        return self._leave(function, *args, **kw)

    def source(self, path: str, *args: str, env: Environ | None = None) -> None:
        """`source path args`: a file that is not part of the script."""
        self._exported(env)
        self._take_over(self.host.source(path, args, self._scope(env)))
        self.settle()

    def write(self, path: str, text: str, *, append: bool = False) -> None:
        """`printf ... > path`, or `>>`: the script itself writes."""
        self.status = self.host.write(self._absolute(path), text, append=append) if path else 1
        self.settle()

    def limit(self, resource: str, value: int) -> None:
        """`ulimit`, with the resource by its name in setrlimit(2)."""
        self.status = self.host.limit(resource, value)
        self.settle()

    def echo(self, text: str) -> None:
        """Print text for people."""
        self.settle(self.host.say(text))

    # Files and directories

    def is_file(self, path: str) -> bool:
        """`[ -f path ]`."""
        return bool(path) and self.host.is_file(self._absolute(path))

    def is_dir(self, path: str) -> bool:
        """`[ -d path ]`."""
        return bool(path) and self.host.is_dir(self._absolute(path))

    def has_content(self, path: str) -> bool:
        """`[ -s path ]`."""
        return bool(path) and (self.is_dir(path) or bool(self.host.read(self._absolute(path))))

    def read(self, path: str) -> str | None:
        """Return the text of a file that a pure tool or a redirection reads; None (status 1) if there is none."""
        text = self.host.read(self._absolute(path)) if path else None
        self.status = 1 if text is None else 0
        return text

    def text_of(self, path: str, *filters: Filter) -> str:
        """`$(filter < path | filter ...)`: a missing file is a failed member of the pipeline."""
        return self.stream_of(path, *filters).drain().rstrip("\n")

    def stream_of(self, path: str, *filters: Filter) -> Stream:
        """`filter < path | filter ... |`: what comes out, for somebody else to read."""
        text = self.read(path)
        return Stream(self._filtered(text or "", self.status, filters))

    def realpath(self, path: str) -> str:
        """`$(realpath path)`: empty (status 1) if the part before the last does not exist.

        A path that looks like an option is one, and then there is no path: the tool fails. Raises RunFailed for the
        two that make it print something else.
        """
        if path.startswith("-") and path != "-":
            if any(len(path) > 2 and option.startswith(path) for option in ("--help", "--version")):
                raise RunFailed("realpath would print its help or version", self.place(), f"realpath {path}")
            self.status = 1
            return ""
        resolved = self.host.resolve(path if path.startswith("/") else f"{self.cwd}/{path}") if path else None
        self.status = 1 if resolved is None else 0
        return resolved or ""

    def command_v(self, name: str) -> str:
        """`$(command -v name)`: the path found through PATH; empty (status 1) if there is none."""
        for directory in self["PATH"].split(":"):
            path = f"{directory or '.'}/{name}"
            if self.host.is_executable(self._absolute(path)):
                self.status = 0
                return path
        self.status = 1
        return ""

    def cd(self, directory: str) -> None:
        """`cd directory`; stop if there is none."""
        target = self._absolute(directory) if directory else self.cwd
        if self.host.enter(target):
            self.previous, self.cwd = self.cwd, target
            self.variables.refresh()
            self.status = 0
        else:
            self.status = 1
            self.settle()

    @contextmanager
    def pushd(self, directory: str) -> Iterator[None]:
        """`pushd directory ... popd`. Whoever stops inside leaves no popd: the handlers run in that directory."""
        before = self.cwd
        self.cd(directory)
        self._directories.append(before)
        yield
        self.cd(self._directories.pop())

    # Control

    def exit(self, status: int) -> NoReturn:
        """`exit status`: ends the script, or the subshell, from anywhere."""
        raise Exit(status)

    def return_(self, status: int) -> NoReturn:
        """`return status`: ends the function; where failures stop, a status other than 0 stops its caller."""
        raise _Return(status)

    @contextmanager
    def subshell(self, directory: str | None = None, stdin: Stream | None = None) -> Iterator[None]:
        """`( ... )`, or `(cd directory && ...)`: what happens to variables and directory inside does not come back."""
        variables, cwd, directories = self.variables.snapshot(), self.cwd, list(self._directories)
        functions, outer_stdin, previous = len(self.functions), self._stdin, self.previous
        self._stdin = stdin or outer_stdin
        try:
            if directory is not None:
                self.cd(directory)
            yield
        except Stop as stop:
            self.status = stop.status
        finally:
            self.variables.restore(variables)
            self.cwd, self._directories, self._stdin, self.previous = cwd, directories, outer_stdin, previous
            del self.functions[functions:]
        self.settle()

    def trap_exit(self, handler: Callable[[Session], None]) -> None:
        """Append to the EXIT handlers."""
        self._handlers.append(handler)

    def complete(self, program: Callable[[Session], None]) -> int:
        """Run a whole script, then its EXIT handlers; return the exit status (docs/bash.md#exit-handlers)."""
        try:
            program(self)
            status = self.status
        except Stop as stop:
            status = stop.status
        self._excused = False
        self._stdin = None
        self.functions.clear()
        try:
            for handler in self._handlers:
                handler(self)
        except Stop as stop:
            return stop.status
        return status

    def place(self) -> Place:
        """Return where the port is: the innermost line outside this package, and the functions, innermost first."""
        frame = sys._getframe(1)
        while (name := frame.f_code.co_filename) in _MACHINERY and frame.f_back is not None:
            frame = frame.f_back
        return Place(_short_name(name), frame.f_lineno, tuple(reversed(self.functions)))

    def settle(self, status: int | None = None) -> None:
        """Stop if the last command (or what ended with `status`) failed where nothing excuses it."""
        if status is not None:
            self.status = status
        if self.status and not self._excused:
            raise Failed(self.status)

    # Inside

    def _defined(self, argv: tuple[Word, ...]) -> bool:
        """Return whether the command is a function that a sourced file has defined."""
        return isinstance(argv[0], str) and self.host.defines(argv[0])

    def _call(self, argv: tuple[Word, ...], env: Environ | None) -> None:
        words = tuple(word for word in argv if isinstance(word, str))
        if words != argv:
            raise RunFailed("a process substitution for a function", self.place(), words[0])
        self._exported(env)
        self._take_over(self.host.call(words, self._scope(env)))

    def _scope(self, temporary: Environ | None) -> Scope:
        variables = self.variables
        return Scope(
            self.cwd,
            variables,
            variables.environment(),
            variables.arrays,
            temporary or {},
            self._excused,
            self.previous,
        )

    def _take_over(self, left: Left) -> None:
        """Go on from where a sourced file or a function has left the shell."""
        for name, value, exported in left.changed:
            if value is None:
                self.variables.unset(name)
                continue
            self.variables[name] = value
            (self.variables.export if exported else self.variables.unexport)(name)
        if left.cwd is not None:
            self.previous, self.cwd = self.cwd, left.cwd
        self.status = left.status
        if left.ended and (self._excused or not left.status):
            raise Exit(left.status)

    def _execute(
        self,
        argv: tuple[Word, ...],
        env: Environ,
        stdin: Input | None,
        stdout: str | None,
        stderr: str | None,
    ) -> Outcome:
        if argv[0] in _OF_THE_SHELL:
            raise RunFailed(
                "a word that comes from a variable names a part of the shell itself", self.place(), str(argv[0])
            )
        if stdin is None:
            stdin = self._stdin
        elif isinstance(stdin, str):
            stdin = self._absolute(stdin)
            if stdin != NULL and not self.host.is_file(stdin):
                # The redirection fails, so the command never runs.
                self.status = 1
                return Outcome(1)
        outcome = self.host.execute(Command(argv, self.cwd, env, stdin, stdout, stderr, self.previous))
        self.status = outcome.status
        return outcome

    def _exported(self, extra: Environ | None) -> Environ:
        """Return the environment of a command; its own assignments make bash put it together anew."""
        if not extra:
            return self.variables.environment()
        self.variables.refresh()
        return {**self.variables.environment(), **extra}

    def _pipeline(self, argv: tuple[Word, ...], env: Environ, through: Iterable[Filter], stderr: str | None) -> str:
        outcome = self._execute(argv, env, None, PIPE, stderr)
        return self._filtered(outcome.output.replace("\0", ""), outcome.status, through)

    def _filtered(self, text: str, status: int, filters: Iterable[Filter]) -> str:
        for member in filters:
            text, member_status = member(text)
            # `pipefail`: the rightmost member that failed.
            status = member_status or status
        self.status = status
        return text

    def _leave(self, function: Callable[Concatenate[Session, _P], _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a function whose scope has been pushed, and pop it, unless an explicit `exit` ends everything."""
        try:
            result = function(self, *args, **kwargs)
        except (Exit, Interrupted):
            raise
        except BaseException:
            self.variables.pop_scope()
            raise
        self.variables.pop_scope()
        return result

    def _absolute(self, path: str) -> str:
        return absolute(path, self.cwd)


def function(body: Callable[Concatenate[Session, _P], None]) -> Callable[Concatenate[Session, _P], None]:
    """Make a function of the script: it has a scope for `local`, a name on the stack, and `return_` ends it."""

    @functools.wraps(body)
    def call(sh: Session, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        sh.functions.append(body.__name__)
        sh.variables.push()
        try:
            body(sh, *args, **kwargs)
        except _Return as returned:
            sh.status = returned.status
        except (Exit, Interrupted):
            raise
        except BaseException:
            sh.variables.pop_scope()
            sh.functions.pop()
            raise
        sh.variables.pop_scope()
        sh.functions.pop()
        sh.settle()

    return call


_HERE = os.path.dirname(__file__)
_ROOT = os.path.dirname(os.path.dirname(_HERE))
_MACHINERY = frozenset({__file__, os.path.join(_HERE, "plan_host.py"), contextmanager.__code__.co_filename})
# No process, so nothing that a plan could say about them.
_OF_THE_SHELL = BUILTINS | RESERVED


@functools.lru_cache(maxsize=256)
def _short_name(file: str) -> str:
    return os.path.relpath(file, _ROOT) if file.startswith(_ROOT) else file
