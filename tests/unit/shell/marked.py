"""Scripts with a mark in each arm: a command of its own that says that the arm was taken, and changes nothing else.

The scripts must not read `$?`, which a mark changes; `return` and `exit` do, without a word.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

from ci_port.shell import tree
from ci_port.shell.inventory import Inventory
from ci_port.shell.reader import Reader

MARK = "mark"

# `@` becomes a command of its own.
_SIMPLE = (
    *("@",) * 8,
    *("f", "g", "true", "false", "x=1", "! @", "x=1 @", "echo hi", "read -r l", "> /dev/null", "h() { @; }"),
    *("[[ $A == x ]]", "[[ $A == x && $B == y || -n $C ]]", "(( N > 1 ))", '[ -n "$C" ]'),
)
_ENDS = ("return 0", "exit 3", "break", "continue", "return 1")
_COMPOUND = (
    *("{ %s; }", "( %s )", "( ( %s ) )", "\n%s\n"),
    "if %s; then %s; fi",
    "if %s; then %s; else %s; fi",
    "if %s; then %s; elif %s; then %s; else %s; fi",
    "if %s; then h() { @; }; fi",
    *("while %s; do %s; break; done", "until %s; do %s; break; done", "for i in 1 2; do %s; done"),
    *("for i in $E; do %s; done", "for ((k = 0; k < 2; k++)); do %s; done", "for i in $( %s) x; do %s; done"),
    "select q in a; do %s; done <<< 1",
    "case $A in x) %s ;; y) ;; *) %s ;; esac",
    "case $B in x) %s ;& y) %s ;;& z|*y*) %s ;; esac",
    "case $A in y) ;; esac",
    *("x=$( %s)", "x=`%s`", 'x="$( %s)" y=$( %s)', ": $( %s)", 'f "$( %s)"', "export x=$( %s)", "[[ -n $( %s) ]]"),
    *("{ %s; } & wait $!", "%s & wait", "{ %s; } 2>&1", ": < <(%s)", '{ %s; } > "$( %s)/dev/null"'),
    *("%s | %s", "{ %s; } | %s", "( %s ) | { %s; }", "eval '@; f'"),
)
_SIGNS = (" && ", " || ", " && ", " || ", " | ", "; ", "; ", "\n", "\n")
_OPTIONS = ("", "", "set -e", "set -o pipefail", "set -eo pipefail")
_TRAPS = ("", "", "", "", "", "", "trap f EXIT", "trap g ERR", "trap 'f; @' EXIT")


def script(chance: random.Random) -> str:
    """Return a script of a few lists of commands, deep within each other."""
    inner = re.sub(r"\b[fg]\b(?!\()", ":", _list(chance, 2))
    outer = re.sub(r"\bf\b", "g", _list(chance, 2))
    options, trap = chance.choice(_OPTIONS), chance.choice(_TRAPS)
    lists = f"{_list(chance, 3)}\n{_list(chance, 3)}\n@\n"
    text = f"{options}\ng() {{ {inner}; }}\nf() {{\n {outer}\n}}\n{trap}\n{lists}"
    numbers = itertools.count(1)
    return re.sub("@", lambda _: f"c{next(numbers)}", text)


def _list(chance: random.Random, depth: int) -> str:
    parts: list[str] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        if depth <= 0 or chance.random() < 0.45:
            command = chance.choice(_SIMPLE if chance.random() < 0.93 else _ENDS)
        else:
            template = chance.choice(_COMPOUND)
            command = template % tuple(_list(chance, depth - 1) for _ in range(template.count("%s")))
        if parts:
            sign = chance.choice(_SIGNS)
            parts.append(sign)
            # A `!` may only begin a pipeline.
            command = command.removeprefix("! ") if sign == " | " else command
        parts.append(command)
    return "".join(parts)


def marked(inventory: Inventory) -> str:
    """Return the text with `mark NUMBER` in each arm: the number of the branch in the inventory."""
    numbers = {branch.id: number for number, branch in enumerate(inventory.branches)}
    arms = {place: numbers[id] for place, id in inventory.arms.items()}
    text = inventory.source.text
    for place, _, mark in sorted(_Marks(arms).of(Reader(text).script()), reverse=True):
        text = text[:place] + mark + text[place:]
    return text


class _Marks:
    """What to write into a text, and where: an end before a beginning at the same place."""

    def __init__(self, arms: dict[tuple[str, int], int]) -> None:
        self.arms = arms

    def of(self, block: tree.Block | None) -> Iterator[tuple[int, int, str]]:
        for statement in block.statements if block else ():
            yield from self.statement(statement)

    def statement(self, statement: tree.Statement) -> Iterator[tuple[int, int, str]]:
        for pipeline in statement.pipelines:
            if pipeline.sign:
                number = self.arms["and" if pipeline.sign == "&&" else "or", pipeline.start]
                yield pipeline.start, 1, f"{{ {MARK} {number}; "
                yield pipeline.end, -1, "; }"
        for part in statement.parts:
            yield from self.node(part)

    def body(self, body: tree.Block | None, kind: str, start: int, empty: int = 0) -> Iterator[tuple[int, int, str]]:
        assert body is not None
        yield body.statements[0].start if body.statements else empty, 0, f" {MARK} {self.arms[kind, start]}; "
        yield from self.of(body)

    def node(self, node: tree.Node) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, tree.If):
            for arm in node.arms:
                yield from self.of(arm.condition)
                yield from self.body(arm.body, arm.kind, arm.start)
        elif isinstance(node, tree.Loop):
            yield from self.of(node.condition)
            yield from self.body(node.body, node.kind, node.start)
        elif isinstance(node, tree.Case):
            for item in node.items:
                yield from self.body(item.body, "case", item.start, item.patterns[-1][1] + 1)
        elif isinstance(node, (tree.Group, tree.Substitution)):
            yield from self.of(node.body)
        if isinstance(node, tree.Holder):
            for part in node.parts:
                yield from self.node(part)
