"""Random small CI scripts, as a grammar: `scripts()` is a strategy of whole scripts with all that is around them.

`grammar.txt` is the grammar as data. The alternatives of a kind stand the simplest first, so that a counterexample
shrinks towards it. A script ends by itself and always does the same under real bash:

* Loops count, or read what is complete before the loop begins. A function calls only those before it.
* Nobody in a pipeline can be quicker than another: who writes more than once is read to the end, and who reads a file
  does not stand beside who changes one. What runs in the background is waited for at once.
* Nothing depends on the time, on process ids, or on the order of a directory.
* No path leads out of the folder, and no text becomes a path or a command that the grammar does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

from tests.parity.small_scripts import FOLDER, Rule, Script

NAMES = frozenset(("build", "clean", "emit", "gen", "probe"))
"""The commands that exist besides the tools."""
FILES = {"data/in": "one two\nthree\n\nfour  five\n", "data/names": "a\nb\nd\n"}
"""Files that are there, and that nothing changes."""
FUNCTIONS = ("f", "g", "h")

_PIECE = re.compile(r"\{(\w+)\}")


def read_grammar(text: str) -> dict[str, tuple[str, ...]]:
    """Return the alternatives of each kind, as often as they are likely; raises ValueError, with the line."""
    grammar: dict[str, list[str]] = {}
    kind = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("  "):
            kind = line.removesuffix(":")
            if kind in grammar or not line.endswith(":"):
                raise ValueError(f"line {number}: a new kind and a colon are expected, found {line!r}")
            grammar[kind] = []
            continue
        weight = re.match(r"(\d+)x ", line[2:])
        alternative = line[2:][weight.end() if weight else 0 :].replace("¶", "\n")
        grammar[kind] += [alternative] * (int(weight[1]) if weight else 1)
    return {kind: tuple(alternatives) for kind, alternatives in grammar.items()}


GRAMMAR: Mapping[str, tuple[str, ...]] = read_grammar(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
_SPECIAL = frozenset(("body", "i", "loop", "nothing"))
"""Kinds that are made here: statements, the counter of a loop, statements in a loop, nothing at all."""
_DEEPEST = 3


class Context(NamedTuple):
    """Where a piece stands."""

    depth: int = _DEEPEST
    loops: int = 0
    inside: str = ""
    """The function, if it is in one."""
    calls: int = 0
    """How many functions may be called."""

    @property
    def deeper(self) -> Context:
        """Where a piece of this piece stands."""
        return self._replace(depth=self.depth - 1)


@cache
def cut(alternative: str) -> tuple[tuple[str, bool], ...]:
    """Return an alternative as literal texts and kinds (True)."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for found in _PIECE.finditer(alternative):
        if found[1] in GRAMMAR or found[1] in _SPECIAL:
            parts += [(alternative[at : found.start()], False), (found[1], True)]
            at = found.end()
    return (*parts, (alternative[at:], False))


_NESTING = frozenset(("body", "loop", "test"))


@cache
def _alternatives(kind: str, context: Context) -> tuple[str, ...]:
    """Return what a kind may be in a place: not what nests when it is deep enough, and breaks in loops alone."""
    if kind == "call" and context.calls:
        return tuple(f"{name} {{words}}" for name in FUNCTIONS[: context.calls])
    found = GRAMMAR[kind]
    if kind == "statement":
        found += (*["{in_loop}"] * (2 * bool(context.loops)), *["{in_function}"] * (3 * bool(context.inside)))
    if context.depth <= 0:
        shallow = tuple(a for a in found if not any(piece and name in _NESTING for name, piece in cut(a)))
        found = shallow or found
        if kind == "statement":
            found = tuple(a for a in found if a not in ("{compound}", "{list}", "{leave}"))
    return found


@cache
def _piece(kind: str, context: Context) -> st.SearchStrategy[str]:
    if kind == "nothing":
        return st.just("")
    if kind == "i":
        return st.just(f"{context.inside or 'i'}{context.depth}")
    if kind == "loop":
        return _body(context.deeper._replace(loops=context.loops + 1))
    if kind == "body":
        return _body(context.deeper)
    return _expanded(kind, context.deeper if kind in _NESTING else context)


def _body(context: Context) -> st.SearchStrategy[str]:
    return st.lists(_piece("statement", context), min_size=1, max_size=3).map("\n".join)


@st.composite
def _expanded(draw: st.DrawFn, kind: str, context: Context) -> str:
    alternative = draw(st.sampled_from(_alternatives(kind, context)))
    return "".join(draw(_piece(text, context)) if piece else text for text, piece in cut(alternative))


# What is around a script.

_ANSWERS: Mapping[str, tuple[Rule, ...]] = {
    "gen": (
        {"argv": ["gen", "**"], "stdout": "one\ntwo words\n"},
        {"argv": ["gen", "**"], "stdout": ""},
        {"argv": ["gen", "**"], "stdout": "o\n", "status": 3},
        {"argv": ["gen", "**"], "stdout": "no newline", "stderr": "e\n"},
    ),
    "probe": (
        {"argv": ["probe", "**"], "status": 1},
        {"argv": ["probe", "**"], "status": 0},
        {"argv": ["probe", "**"], "status": 42, "nth": 2},
        {"argv": ["probe", "*"], "status": 1, "stdout": "p\n"},
    ),
    "build": (
        {"argv": ["build"], "makes": {"d/out": "built\n"}},
        {"argv": ["build"], "makes": {"d/a": {"text": "x\n", "mode": "755"}, "e": None}, "status": 2},
        {"argv": ["build"], "makes": {"l": {"link": "d"}}, "removes": ["a"]},
    ),
    "clean": ({"argv": ["clean"], "removes": ["d"]}, {"argv": ["clean"], "removes": ["a", "e"], "status": 1}),
}
_FIRST_LINES = (
    *["#!/bin/bash"] * 8,
    "#!/bin/bash -e",
    "#!/usr/bin/env bash",
    "#!/bin/bash -eu",
    "#!/bin/bash\nset -euo pipefail",
)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Return a strategy of scripts: text, arguments, input, an environment, and rules."""
    text = [draw(st.sampled_from(_FIRST_LINES))]
    calls = draw(st.integers(0, len(FUNCTIONS)))
    for index, name in enumerate(FUNCTIONS[:calls]):
        inner = draw(_body(Context(depth=1, inside=name, calls=index)))
        text.append(f"{name}() {{\n{inner}\n}}")
    # Two lists make a script twice as long on average, and shrink as well as one.
    for _ in range(2):
        text += draw(st.lists(_piece("statement", Context(calls=calls)), max_size=14))
    rules = [draw(st.sampled_from((None, *answers))) for answers in _ANSWERS.values()]
    return Script(
        "\n".join(text) + "\n",
        args=draw(st.sampled_from(((), ("one",), ("-v", "two words"), ("-o", "x", "*")))),
        env={"W": FOLDER, **draw(st.sampled_from(({}, {"a": "one"}, {"b": "two words", "c": ""})))},
        stdin=draw(st.sampled_from(("", "first\nsecond line\n", "no newline"))),
        files=FILES,
        rules=tuple(rule for rule in rules if rule is not None),
        names=NAMES,
        follow=True,
    )
