"""How bash prints a command when it starts it (bash's print_cmd.c), as far as the text of the script tells.

Bash keeps what it read, not what was written: blanks and redirections stand elsewhere, and some quotes and
substitutions are already something else. Where that may be, a command may be shown by anything that begins like it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from ci_port.shell import tree
from ci_port.shell.positions import Body, Member

# From here on bash may print a word otherwise than it was written.
_UNSURE = re.compile(r"(?P<same>\$\(|\$\{[ |]|`|[<>]\(|=\()|\$['\"]|\\")
_REDIRECTION = re.compile(r"[0-9]*[<>&]|\{\w+\}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text, of which only the beginning is known unless it is `whole`; with `spaced`, blanks do not count.

    `redirects`: it has redirections, and nothing else. `lines` are the first and the last that bash may name.
    """

    text: str
    whole: bool
    lines: tuple[int, int]
    spaced: bool = False
    redirects: bool = False

    def fits(self, text: str, line: int | None) -> bool:
        """Return whether a command that bash shows so, on this line (None: on whatever line), may be this one."""
        if line is not None and not self.lines[0] <= line <= self.lines[1]:
            return False
        if self.spaced:
            text = _SPACE.sub("", text)
        if self.redirects:
            return _REDIRECTION.match(text) is not None
        return text == self.text or (not self.whole and text.startswith(self.text))


def shown(member: Member) -> Shown:
    """Return how a simple command, `[[ ]]` or `(( ))` is shown; of any other command its head."""
    node = member.node
    text = member.file.text
    if isinstance(node, tree.Simple):
        return _simple(node, text, member)
    if isinstance(node, tree.Test):
        return _test(node, text, member)
    if isinstance(node, tree.Arithmetic):
        return _sum(text[node.inner[0] : node.inner[1]], member)
    return _head(member)


def _simple(node: tree.Simple, text: str, member: Member) -> Shown:
    words = [text[start:end] for start, end in sorted((*node.assignments, *node.words))]
    known: list[str] = []
    for word in words:
        sure = _sure(word)
        if sure is not None:
            return Shown(" ".join((*known, sure)), False, _lines(member))
        known.append(word)
    if not node.redirected:
        return Shown(" ".join(known), True, _lines(member))
    return Shown(" ".join((*known, "")), False, _lines(member), redirects=not known)


def _test(node: tree.Test, text: str, member: Member) -> Shown:
    assert node.expression is not None
    printed = "[[" + _expression(node.expression, text) + "]]"
    sure = _sure(printed)
    return Shown(_SPACE.sub("", printed if sure is None else sure), sure is None, _lines(member), spaced=True)


def _expression(node: tree.Expression, text: str) -> str:
    parts = [
        _expression(operand, text) if isinstance(operand, tree.Expression) else text[operand[0] : operand[1]]
        for operand in node.operands
    ]
    if len(parts) > 1:
        return node.operator.join(parts)
    if isinstance(node.operands[0], tree.Expression):
        return f"!{parts[0]}" if node.operator == "!" else f"({parts[0]})"
    return f"{node.operator or '-n'}{parts[0]}"


def _sum(text: str, member: Member) -> Shown:
    text = _SPACE.sub("", text)
    sure = _sure(text)
    if sure is not None:
        return Shown("((" + sure, False, _lines(member), spaced=True)
    return Shown(f"(({text}))", True, _lines(member), spaced=True)


def selects(member: Member) -> bool:
    """Return whether a loop is a `select`."""
    return re.match(r"select\b", member.text) is not None


def _head(member: Member) -> Shown:
    """Return how `for`, `select` or `case` is shown."""
    node = member.node
    if isinstance(node, tree.Loop):
        keyword = "select" if selects(member) else "for"
        return Shown(f"{keyword} {node.variable}", False, _lines(member))
    assert isinstance(node, tree.Case)
    subject = member.file.text[node.subject[0] : node.subject[1]]
    sure = _sure(subject)
    return Shown(f"case {subject + ' in ' if sure is None else sure}", False, _lines(member))


def _sure(word: str) -> str | None:
    """Return how the print of a word surely begins; None if it is the word itself."""
    unsure = _UNSURE.search(word)
    return None if unsure is None else word[: unsure.end() if unsure["same"] else unsure.start()]


def _lines(member: Member) -> tuple[int, int]:
    """Return the lines that bash may name; in a substitution it counts those of its own print of it."""
    body: Body | None = member.body
    while body is not None:
        if isinstance(body.node, tree.Substitution):
            return member.lines[0], sys.maxsize
        body = body.holder.body if body.holder else None
    return member.lines


_SUMS = re.compile(r"for\s*\(\((?P<sums>.*)\)\)[\s;]*", re.DOTALL)


def parts_of_sum(member: Member) -> tuple[Shown, Shown, Shown] | None:
    """Return how the three parts of a `for (( ; ; ))` are shown; None for another loop."""
    node = member.node
    assert isinstance(node, tree.Loop)
    if node.variable or node.condition is not None:
        return None
    match = _SUMS.fullmatch(member.file.text, *node.header)
    parts = match["sums"].split(";") if match else []
    if len(parts) != 3:
        # One of them holds a `;` of its own.
        any_sum = Shown("((", False, _lines(member), spaced=True)
        return any_sum, any_sum, any_sum
    first, test, step = (_sum(part if part.strip() else "1", member) for part in parts)
    return first, test, step
