"""Functions, subshells, loops, and where a failure only selects (bash manual, "Shell Functions", "The Set Builtin")."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from ci_port.host.seam import Interrupted, Stream
from ci_port.host.session.directories import Directories
from ci_port.host.session.parameters import Parameters
from ci_port.host.session.state import Environ
from ci_port.host.session.stops import Exit, Return, Stop

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Shell = TypeVar("_Shell", bound="Flow")


class Flow(Directories, Parameters):
    """What runs next, and what ends."""

    def exit(self, status: int) -> NoReturn:
        """`exit status`: ends the script, or the subshell, from anywhere."""
        raise Exit(status)

    def return_(self, status: int) -> NoReturn:
        """`return status`: ends the function; where failures stop, a status other than 0 stops its caller."""
        raise Return(status)

    def each(self, name: str, words: Iterable[str]) -> Iterator[str]:
        """`for name in words`: the loop's variable is a shell variable."""
        for word in words:
            self[name] = word
            yield word

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
        self: _Shell, function: Callable[Concatenate[_Shell, _P], _R], env: Environ, *args: _P.args, **kw: _P.kwargs
    ) -> _R:
        """`NAME=value function args`: the environment is for the whole run of the function."""
        self.variables.push()
        self.variables.temporary(env)
        try:
            result = function(self, *args, **kw)
        except (Exit, Interrupted):
            # An explicit `exit` leaves no function.
            raise
        except BaseException:
            self.variables.pop_scope()
            raise
        self.variables.pop_scope()
        return result

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


def function(body: Callable[Concatenate[_Shell, _P], None]) -> Callable[Concatenate[_Shell, _P], None]:
    """Make a function of the script: it has a scope for `local`, a name on the stack, and `return_` ends it."""

    @functools.wraps(body)
    def call(sh: _Shell, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        sh.functions.append(body.__name__)
        sh.variables.push()
        try:
            body(sh, *args, **kwargs)
        except Return as returned:
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
