"""Bash arithmetic (`$(( ))`, `(( ))`, the operands of `-eq`, `-gt` ...): what a value means as a number.

The grammar and the semantics are those of the bash manual, "Shell Arithmetic": 64-bit integers that wrap, names
that stand for their value evaluated again, octal and `base#digits` constants, assignments. A CI job can hand any
text to such a place (`SHARD_NUMBER=03`, `08`, `1+1`, `x`), and the port must agree with bash on each.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import NamedTuple

from ci_port.bash.names import NAME

_MAX_DEPTH = 1024
_TOKEN = re.compile(
    rf"[ \t\n]*(?:(?P<number>[0-9][0-9a-zA-Z@_]*(?:\#[0-9a-zA-Z@_]*)?)|(?P<name>{NAME})"
    r"|(?P<op><<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%&^|<>=!~?:,()\[\]])|(?P<bad>.))",
    re.DOTALL,
)

_BEFORE_NAME = re.compile(rf"[ \t\n]*{NAME}")


class ArithmeticFault(Exception):
    """The text is no valid expression, or its evaluation fails (division by zero, negative exponent)."""


class _Token(NamedTuple):
    kind: str
    text: str


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """Return the value of `expression` as bash computes it, a signed 64-bit integer.

    Names are looked up in `variables`; an unset or empty one counts as 0. Assignments (`x=1`, `x++`) are written
    back if `variables` is mutable, and are otherwise only seen by the rest of the expression.
    Raises ArithmeticFault where bash reports an error.
    """
    store: MutableMapping[str, str] = variables if isinstance(variables, MutableMapping) else dict(variables)
    try:
        return _evaluate(expression, store, 0)
    except RecursionError:
        # A name that stands for itself: Python's own limit comes before the 1024 levels that bash allows.
        raise ArithmeticFault(f"expression recursion level exceeded: {expression!r}") from None


def _evaluate(expression: str, store: MutableMapping[str, str], depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise ArithmeticFault(f"expression recursion level exceeded: {expression!r}")
    tokens = _tokens(expression)
    if not tokens:
        return 0
    parser = _Parser(tokens, store, depth)
    value = parser.comma()
    if parser.peek() is not None:
        raise ArithmeticFault(f"syntax error in expression {expression!r}")
    return value


def _tokens(expression: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    text = expression.rstrip(" \t\n")
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup in (None, "bad"):
            raise ArithmeticFault(f"syntax error in expression {expression!r}")
        assert match.lastgroup is not None
        token = _Token(match.lastgroup, match[match.lastgroup])
        end = match.end()
        if token.text in ("++", "--"):
            token, end = _step(token.text, tokens, text, end)
        tokens.append(token)
        position = end
    return tokens


def _step(sign: str, before: list[_Token], text: str, end: int) -> tuple[_Token, int]:
    """Return what `++` or `--` is: bash looks only at what stands directly before and behind it."""
    if before and before[-1].kind == "name":
        return _Token("postfix", sign), end
    if _BEFORE_NAME.match(text, end):
        return _Token("prefix", sign), end
    # Two signs: the second one is read again.
    return _Token("op", sign[0]), end - 1


def wrap(value: int) -> int:
    """Return `value` reduced to a signed 64-bit integer, as two's complement overflow does."""
    return (value + 2**63) % 2**64 - 2**63


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise ArithmeticFault("division by 0")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - right * _divide(left, right)


def _power(left: int, right: int) -> int:
    if right < 0:
        raise ArithmeticFault("exponent less than 0")
    return pow(left, right, 2**64)


_BINARY: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "|": (3, operator.or_),
    "^": (4, operator.xor),
    "&": (5, operator.and_),
    "==": (6, operator.eq),
    "!=": (6, operator.ne),
    "<": (7, operator.lt),
    ">": (7, operator.gt),
    "<=": (7, operator.le),
    ">=": (7, operator.ge),
    "<<": (8, lambda left, right: left << (right % 64)),
    ">>": (8, lambda left, right: left >> (right % 64)),
    "+": (9, operator.add),
    "-": (9, operator.sub),
    "*": (10, operator.mul),
    "/": (10, _divide),
    "%": (10, _remainder),
}
_POWER_LEVEL = 11
_ASSIGN = {"=", "*=", "/=", "%=", "+=", "-=", "<<=", ">>=", "&=", "^=", "|="}
_UNARY: dict[str, Callable[[int], int]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "!": lambda value: int(value == 0),
}


class _Parser:
    """Precedence climbing over the tokens of one expression; `skip` counts the sides that are not evaluated."""

    def __init__(self, tokens: list[_Token], store: MutableMapping[str, str], depth: int) -> None:
        self.tokens = tokens
        self.store = store
        self.depth = depth
        self.position = 0
        self.skip = 0

    def peek(self, ahead: int = 0) -> str | None:
        index = self.position + ahead
        return self.tokens[index].text if index < len(self.tokens) else None

    def kind(self) -> str | None:
        return self.tokens[self.position].kind if self.position < len(self.tokens) else None

    def take(self, text: str) -> None:
        if self.peek() != text:
            raise ArithmeticFault(f"syntax error: {text!r} expected, found {self.peek()!r}")
        self.position += 1

    def skipping(self, parse: Callable[[], int], skip: bool) -> int:
        self.skip += skip
        value = parse()
        self.skip -= skip
        return value

    def comma(self) -> int:
        value = self.assignment()
        while self.peek() == ",":
            self.position += 1
            value = self.assignment()
        return value

    def assignment(self) -> int:
        token = self.tokens[self.position] if self.position < len(self.tokens) else None
        sign = self.peek(1)
        if token is None or token.kind != "name" or sign not in _ASSIGN:
            return self.conditional()
        self.position += 2
        right = self.assignment()
        if sign == "=":
            value = right
        else:
            value = self.apply(_BINARY[sign[:-1]][1], self.lookup(token.text), right)
        self.assign(token.text, value)
        return value

    def conditional(self) -> int:
        test = self.logical_or()
        if self.peek() != "?":
            return test
        self.position += 1
        yes = self.skipping(self.comma, test == 0)
        self.take(":")
        no = self.skipping(self.assignment_or_conditional, test != 0)
        return yes if test else no

    def assignment_or_conditional(self) -> int:
        return self.conditional()

    def logical_or(self) -> int:
        value = self.logical_and()
        while self.peek() == "||":
            self.position += 1
            right = self.skipping(self.logical_and, value != 0)
            value = int(value != 0 or right != 0)
        return value

    def logical_and(self) -> int:
        value = self.binary(3)
        while self.peek() == "&&":
            self.position += 1
            right = self.skipping(lambda: self.binary(3), value == 0)
            value = int(value != 0 and right != 0)
        return value

    def binary(self, level: int) -> int:
        if level > 10:
            return self.power()
        value = self.binary(level + 1)
        while (sign := self.peek()) in _BINARY and _BINARY[sign][0] == level:
            self.position += 1
            value = self.apply(_BINARY[sign][1], value, self.binary(level + 1))
        return value

    def power(self) -> int:
        base = self.unary()
        if self.peek() != "**":
            return base
        self.position += 1
        return self.apply(_power, base, self.power())

    def unary(self) -> int:
        sign = self.peek()
        if self.kind() == "prefix":
            name = self.tokens[self.position + 1].text
            self.position += 2
            value = wrap(self.lookup(name) + (1 if sign == "++" else -1))
            self.assign(name, value)
            return value
        if sign in _UNARY:
            self.position += 1
            return wrap(_UNARY[sign](self.unary()))
        return self.operand()

    def operand(self) -> int:
        if self.position >= len(self.tokens):
            raise ArithmeticFault("syntax error: operand expected")
        token = self.tokens[self.position]
        self.position += 1
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "name":
            return self.name(token.text)
        if token.text == "(":
            value = self.comma()
            self.take(")")
            return value
        raise ArithmeticFault(f"syntax error: operand expected, found {token.text!r}")

    def name(self, name: str) -> int:
        if self.peek() == "[":
            raise ArithmeticFault(f"array subscript in {name}[...] is not supported")
        value = self.lookup(name)
        if self.kind() == "postfix":
            step = 1 if self.peek() == "++" else -1
            self.position += 1
            self.assign(name, wrap(value + step))
        return value

    def lookup(self, name: str) -> int:
        text = self.store.get(name, "")
        return 0 if self.skip or not text else _evaluate(text, self.store, self.depth + 1)

    def assign(self, name: str, value: int) -> None:
        if not self.skip:
            self.store[name] = str(value)

    def apply(self, function: Callable[[int, int], int], left: int, right: int) -> int:
        # Of a side that is not evaluated bash still computes the constants: a negative exponent is an error even
        # there, and a zero divisor alone is overlooked.
        if self.skip and right == 0 and function in (_divide, _remainder):
            right = 1
        return wrap(int(function(left, right)))


def _number(text: str) -> int:
    base, digits = 10, text
    if "#" in text:
        prefix, digits = text.split("#", 1)
        if not prefix.isdigit() or (prefix.startswith("0") and len(prefix) > 1) or not 2 <= wrap(int(prefix)) <= 64:
            raise ArithmeticFault(f"invalid arithmetic base: {text!r}")
        base = wrap(int(prefix))
        if not digits:
            raise ArithmeticFault(f"invalid integer constant: {text!r}")
    elif text[:2] in ("0x", "0X"):
        base, digits = 16, text[2:]
    elif text.startswith("0") and len(text) > 1:
        base, digits = 8, text[1:]
    value = 0
    for char in digits:
        digit = _digit(char, base)
        if digit >= base:
            raise ArithmeticFault(f"value too great for base: {text!r}")
        value = value * base + digit
    return wrap(value)


def _digit(char: str, base: int) -> int:
    """Return what a digit is worth; up to base 36 upper and lower case are the same."""
    if char.isdigit():
        return int(char)
    if char == "@":
        return 62
    if char == "_":
        return 63
    lower = ord(char.lower()) - ord("a") + 10
    return lower if base <= 36 or char.islower() else lower + 26
