"""What the operators of `[[ ]]` mean (bash manual, "Bash Conditional Expressions", "Conditional Constructs").

`STRINGS` and `NUMBERS` decide from their two operands alone. What looks at files or variables is only named here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from ci_port.bash import arithmetic, pattern, regex


def sorts_before(left: str, right: str) -> bool:
    """Return whether `left` sorts before `right`: by code point, which under UTF-8 is the order of the bytes.

    The script runs under `LANG=C.UTF-8`; any other locale may have another order.
    """
    return left.encode(errors="surrogateescape") < right.encode(errors="surrogateescape")


STRINGS: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda text, glob: pattern.matches(glob, text),
    "=": lambda text, glob: pattern.matches(glob, text),
    "!=": lambda text, glob: not pattern.matches(glob, text),
    "=~": lambda text, expression: regex.fits(expression, text),
    "<": sorts_before,
    ">": lambda left, right: sorts_before(right, left),
}
"""The right side of `==`, `=` and `!=` is a pattern, that of `=~` a regular expression."""

NUMBERS: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}

FILES = frozenset(("-nt", "-ot", "-ef"))
"""The operators that compare two files."""

UNARY = frozenset("-" + letter for letter in "abcdefghknoprstuvwxzGLNORS")
"""The operators of one operand, a file, a string, a variable or a shell option."""


def compare(left: str, sign: str, right: str, variables: Mapping[str, str]) -> bool:
    """Return whether `[[ left sign right ]]` holds for an operator of `NUMBERS`.

    Both sides are arithmetic expressions; one without a value makes the test false.
    """
    try:
        return NUMBERS[sign](arithmetic.evaluate(left, variables), arithmetic.evaluate(right, variables))
    except arithmetic.ArithmeticFault:
        return False
