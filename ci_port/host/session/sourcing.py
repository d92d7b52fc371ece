"""Files that are no part of the script, and the functions that they have defined."""

from __future__ import annotations

from ci_port.host.seam import Left, Scope, Word
from ci_port.host.session.state import Environ, State
from ci_port.host.session.stops import Exit
from ci_port.model import RunFailed


class Sourcing(State):
    """The host runs them; what they leave behind is taken over."""

    def source(self, path: str, *args: str, env: Environ | None = None) -> None:
        """`source path args`: a file that is not part of the script."""
        self._refresh_for(env)
        self._take_over(self.host.source(path, args, self._scope(env)))
        self.settle()

    def _defined(self, argv: tuple[Word, ...]) -> bool:
        """Return whether the command is a function that a sourced file has defined."""
        return isinstance(argv[0], str) and self.host.defines(argv[0])

    def _call(self, argv: tuple[Word, ...], env: Environ | None) -> None:
        words = tuple(word for word in argv if isinstance(word, str))
        if words != argv:
            raise RunFailed("a process substitution for a function", self.place(), words[0])
        self._refresh_for(env)
        self._take_over(self.host.call(words, self._scope(env)))

    def _refresh_for(self, temporary: Environ | None) -> None:
        """Assignments before a command make bash put its environment together anew."""
        if temporary:
            self.variables.refresh()

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
