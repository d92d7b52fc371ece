"""What bashlex reads, and what is masked before."""

from __future__ import annotations

import pytest

from ci_port.shell import bashlex_reader
from ci_port.shell.reader import Reader

STATEMENTS = (
    "a && [[ b ]] || { c; }",
    "x=(1 2) y=$(z) w",
    "cat <<A | (b; c) 2>d\nbody\nA",
    "a |& b # comment",
    "{fd}> x a",
    "declare -A m=([k]=v)",
    "time -p a \\\n  b",
    "echo { } }",
    "a `b` \"$(c 'd')\" <(e)",
    "echo '$(' '`' $'\\''",
)


@pytest.mark.parametrize("text", STATEMENTS)
def test_the_mask_keeps_the_length_and_hides_what_bashlex_cannot_read(text: str) -> None:
    statement = Reader(text).script().statements[0]
    assert len(bashlex_reader.mask(text, statement)) == statement.end - statement.start
    bashlex_reader.read(text, statement)


def test_lists_come_with_their_places() -> None:
    text = "a b && ! c | d || e > f"
    found = bashlex_reader.read(text, Reader(text).script().statements[0])
    assert [(item.sign, text[slice(*item.left)], text[slice(*item.right)]) for item in found.operators] == [
        ("&&", "a b", "! c | d"),
        ("||", "a b && ! c | d", "e > f"),
    ]
    assert [text[command.start : command.end] for command in found.commands] == ["a b", "c", "d", "e > f"]
    assert [text[slice(*span)] for span in found.negated] == ["! c | d"]


def test_another_opinion_on_words_is_a_disagreement() -> None:
    text = "a b c"
    statement = Reader(text).script().statements[0]
    statement.words.pop()
    with pytest.raises(bashlex_reader.Disagreement):
        bashlex_reader.read(text, statement)
