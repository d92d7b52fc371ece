"""What bashlex reads, and what is masked before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given

from ci_port.shell import bashlex_reader, tree
from ci_port.shell.reader import Reader
from ci_port.shell.source import SyntaxFault
from tests.unit.shell import generated

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


def every_statement(block: tree.Block) -> Iterator[tree.Statement]:
    """Yield the statements of a block and of all blocks in it."""
    pending: list[object] = [block]
    while pending:
        node = pending.pop()
        if isinstance(node, tree.Statement):
            yield node
        for name in getattr(type(node), "__slots__", ()) if isinstance(node, tree.Node) else ():
            pending.append(getattr(node, name))
        for base in type(node).__mro__[1:-1] if isinstance(node, tree.Node) else ():
            pending += [getattr(node, name) for name in getattr(base, "__slots__", ())]
        if isinstance(node, list):
            pending += node


def agree(text: str, statement: tree.Statement) -> None:
    """Fail if bashlex finds other lists, pipelines or commands in a statement than our own reader."""
    found = bashlex_reader.read(text, statement)
    if not found.commands and not found.operators:
        return
    pipelines = statement.pipelines
    assert [operator.sign for operator in found.operators] == [pipeline.sign for pipeline in pipelines[1:]]
    # What the mask hides, such as `time` and a parenthesis, stands before it.
    for operator, pipeline in zip(found.operators, pipelines[1:], strict=True):
        assert pipeline.start <= operator.right[0] < pipeline.end
    simple = [node for pipeline in pipelines for node in pipeline.commands if isinstance(node, tree.Simple)]
    assert [(command.assignments, command.words, bool(command.redirections)) for command in found.commands] == [
        (tuple(node.assignments), tuple(node.words), node.redirected) for node in simple
    ]
    negated = [pipeline.start for pipeline in pipelines if pipeline.negated and pipeline.commands]
    assert len(found.negated) == len(negated)
    assert all(start <= place for start, (place, _) in zip(negated, found.negated, strict=True))


@pytest.mark.parametrize("text", STATEMENTS)
def test_both_readers_find_the_same_structure(text: str) -> None:
    agree(text, Reader(text).script().statements[0])


@pytest.mark.parametrize("name", ["test.sh", "common.sh", "common-build.sh", "common_utils.sh"])
def test_both_readers_find_the_same_structure_in_our_script(name: str) -> None:
    text = (Path(__file__).parents[3] / "legacy" / name).read_text()
    statements = list(every_statement(Reader(text).script()))
    assert len(statements) > text.count("\n") / 8
    for statement in statements:
        agree(text, statement)


@given(generated.scripts)
def test_both_readers_find_the_same_structure_in_generated_scripts(text: str) -> None:
    try:
        block = Reader(text).script()
    except SyntaxFault:
        assume(False)
    for statement in every_statement(block):
        with contextlib.suppress(bashlex_reader.Disagreement):
            agree(text, statement)
