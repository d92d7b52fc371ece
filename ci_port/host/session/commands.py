"""Single commands with their redirections (bash manual, "Simple Commands", "Redirections"), and builtins that act."""

from __future__ import annotations

from ci_port.bash.builtins import BUILTINS
from ci_port.bash.names import RESERVED
from ci_port.host.seam import NULL, PIPE, Command, Input, Outcome, Word
from ci_port.host.session.sourcing import Sourcing
from ci_port.host.session.state import Environ
from ci_port.model import RunFailed

# No process, so nothing that a plan could say about them.
_OF_THE_SHELL = BUILTINS | RESERVED


class Commands(Sourcing):
    """What runs one command to its end and takes its status."""

    def run(
        self,
        *argv: Word,
        env: Environ | None = None,
        stdin: Input | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
    ) -> None:
        """Run a command; stop if it fails. `env` is for this command only; redirections as `Command` has them.

        Paths of redirections are as the script has them; `>>` stands before one that is appended to.
        """
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
        stdin: Input | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
    ) -> bool:
        """Run a command where its status only selects: `if command`, `command && ...`, `command || true`."""
        self._execute(argv, self._exported(env), stdin, stdout, stderr)
        status, self.status = self.status, 0
        return status == 0

    def echo(self, text: str) -> None:
        """Print text for people."""
        self.settle(self.host.say(text))

    def umask(self, value: int) -> None:
        """`umask value`."""
        self.status = self.host.umask(value)
        self.settle()

    def limit(self, resource: str, value: int) -> None:
        """`ulimit`, with the resource by its name in setrlimit(2)."""
        self.status = self.host.limit(resource, value)
        self.settle()

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
        outputs = self._output(stdout), self._output(stderr)
        outcome = self.host.execute(Command(argv, self.cwd, env, stdin, *outputs, self.previous))
        self.status = outcome.status
        return outcome

    def _output(self, path: str | None) -> str | None:
        """Return where an output goes, as the host is told."""
        if path in (None, PIPE, NULL):
            return path
        return f">>{self._absolute(path[2:])}" if path.startswith(">>") else self._absolute(path)

    def _exported(self, extra: Environ | None) -> Environ:
        """Return the environment of a command; its own assignments make bash put it together anew."""
        if not extra:
            return self.variables.environment()
        self.variables.refresh()
        return {**self.variables.environment(), **extra}
