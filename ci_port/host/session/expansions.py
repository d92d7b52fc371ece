"""What a word of the script becomes before it is used (bash manual, "Shell Expansions")."""

from __future__ import annotations

from ci_port.bash import arithmetic, globbing, pattern
from ci_port.bash.arithmetic import ArithmeticFault
from ci_port.bash.pattern import PatternFault
from ci_port.host.session.state import State
from ci_port.host.session.stops import Failed
from ci_port.model import RunFailed


class Expansions(State):
    """The expansions, each by the name that the manual gives it."""

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
