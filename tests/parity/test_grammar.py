"""The grammar of random scripts: every piece of it is bash, and every script ends and does the same again."""

from __future__ import annotations

import subprocess

import pytest

from tests.parity.grammar import GRAMMAR, NAMES, cut, read_grammar
from tests.parity.real_bash import RealBash
from tests.parity.small_scripts import FILE_TOOLS, Script, differences
from tests.parity.sweeping import for_each

SPECIAL = {"i": "i0", "loop": "emit", "body": "emit", "nothing": ""}
# How to make a whole script of a kind that is a part of a statement.
AROUND = {
    "redirection": "emit {}",
    "words": "emit {}",
    "word": "emit {}",
    "plain": "emit {}",
    "digit": "exit {}",
    "var": "{}=",
    "glob": "emit {}",
    "path": "emit {}",
    "file": "emit {}",
    "script": ". {}",
    "mode": "chmod {}",
    "octal": "chmod {}",
    "year": "emit {}",
    "line": "emit <<E\n{}\nE",
    "filter": "emit | {}",
    "test": "if {}; then emit; fi",
    "pattern": "case x in\n{}) ;;\nesac",
    "in_loop": "for x in y; do {}; done",
    "in_function": "f() {{\n{}\n}}",
}


def simplest(kind: str) -> str:
    return SPECIAL[kind] if kind in SPECIAL else filled(GRAMMAR[kind][0])


def filled(alternative: str) -> str:
    return "".join(simplest(part) if piece else part for part, piece in cut(alternative))


@pytest.mark.parametrize("kind", GRAMMAR)
def test_every_piece_is_bash(kind: str) -> None:
    texts = [AROUND.get(kind, "{}").format(filled(alternative)) for alternative in dict.fromkeys(GRAMMAR[kind])]
    for text in texts:
        done = subprocess.run(["bash", "-n", "-O", "extglob"], input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), text


def test_every_kind_is_used() -> None:
    used = {part for row in GRAMMAR.values() for text in row for part, piece in cut(text) if piece}
    assert used | {"statement", "in_loop", "in_function"} == {*GRAMMAR, *SPECIAL}


def test_commands_in_one_line_can_stand_in_a_list() -> None:
    for kind in ("command", "test", "filter", "once", "pipeline", "word"):
        assert [text for text in GRAMMAR[kind] if "<<E" in text] == []


def test_the_grammar_is_read_line_by_line() -> None:
    assert read_grammar("# x\n\na:\n  2x b¶c\n  3\n\nd:\n  {a}\n") == {"a": ("b\nc", "b\nc", "3"), "d": ("{a}",)}
    with pytest.raises(ValueError, match="line 3: a new kind"):
        read_grammar("a:\n  b\na:\n")


@pytest.mark.parametrize("part", range(4))
def test_a_script_ends_and_does_the_same_again(part: int, real_bash: RealBash, request: pytest.FixtureRequest) -> None:
    count = 2000 if request.config.getoption("--long") else 25
    statuses = set()
    names: set[str] = set()

    def run_twice(script: Script) -> None:
        first, second = real_bash.run(script), real_bash.run(script)
        assert first.ended == ""
        assert list(differences(first, second)) == []
        statuses.add(first.status)
        names.update(command.argv[0] for command in first.commands)
        assert "syntax error" not in first.stderr

    for_each(run_twice, count, part)
    assert len(statuses) > 1
    assert len(names & NAMES) > 2
    assert len(names & FILE_TOOLS) > 2
