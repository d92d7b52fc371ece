"""Pipelines and command substitution, whose text is read here (bash manual, "Pipelines", "Command Substitution")."""

from __future__ import annotations

from collections.abc import Iterable

from ci_port.host.filters import Filter
from ci_port.host.seam import PIPE, Input, Stream, Word
from ci_port.host.session.commands import Commands
from ci_port.host.session.files import Files
from ci_port.host.session.state import Environ


class Pipelines(Commands, Files):
    """Commands and files with filters behind them, under `pipefail`."""

    def output(
        self,
        *argv: Word,
        through: Iterable[Filter] = (),
        stdin: Input | None = None,
        stderr: str | None = None,
    ) -> str:
        r"""`$(command | filters)`: what was printed without trailing newlines. Never stops; see `assign`."""
        # A lone command takes the place of its subshell, for which bash makes the environment anew.
        alone = not through and stderr is None
        env = self.variables.fresh_environment() if alone else self.variables.environment()
        return self._pipeline(argv, env, through, stdin, stderr).rstrip("\n")

    def pipeline(self, *argv: Word, through: Iterable[Filter]) -> None:
        """`command | filters`: print what comes out; stop if any member fails (`pipefail`)."""
        text = self._pipeline(argv, self.variables.environment(), through, None, None)
        if text:
            self.status = self.host.say(text.removesuffix("\n")) or self.status
        self.settle()

    def text_of(self, path: str, *filters: Filter) -> str:
        """`$(filter < path | filter ...)`: a missing file is a failed member of the pipeline."""
        return self.stream_of(path, *filters).drain().rstrip("\n")

    def stream_of(self, path: str, *filters: Filter) -> Stream:
        """`filter < path | filter ... |`: what comes out, for somebody else to read."""
        text = self.read(path)
        return Stream(self._filtered(text or "", self.status, filters))

    def tool(self, *argv: str) -> Filter:
        """A tool as a member of a pipeline: `| tool`. It really runs, also in a dry run (docs/formats.md#world)."""

        def through(text: str) -> tuple[str, int]:
            outcome = self._execute(argv, self.variables.environment(), Stream(text), PIPE, None)
            return outcome.output, outcome.status

        return through

    def _pipeline(
        self,
        argv: tuple[Word, ...],
        env: Environ,
        through: Iterable[Filter],
        stdin: Input | None,
        stderr: str | None,
    ) -> str:
        outcome = self._execute(argv, env, stdin, PIPE, stderr)
        return self._filtered(outcome.output.replace("\0", ""), outcome.status, through)

    def _filtered(self, text: str, status: int, filters: Iterable[Filter]) -> str:
        for member in filters:
            text, member_status = member(text)
            # `pipefail`: the rightmost member that failed.
            status = member_status or status
        self.status = status
        return text
