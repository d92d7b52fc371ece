"""Our inventory against two independent readers, shfmt and tree-sitter-bash, and bash itself on what is valid.

The scripts are the control with its neighbours and `scripts/`, one awkward construct each. Where another reader is
known to be wrong, or to read another language, it stands in a table with the reason; a stale entry fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tree_sitter
import tree_sitter_bash

from ci_port.shell import ScriptError, read_script

HERE = Path(__file__).parent
LEGACY = sorted((HERE.parents[1] / "legacy").glob("*.sh"))
VALID = sorted((HERE / "scripts" / "valid").glob("*.sh"))
BROKEN = sorted((HERE / "scripts" / "broken").glob("*.sh"))
ARMS = frozenset(("if", "elif", "else", "case"))

SHFMT_IS_WRONG = {
    "eval_and_trap.sh": "refuses `eval e=(1)`, which bash accepts",
    "subshell_in_subshell.sh": "takes `((echo a); (echo b))` for a sum",
    "time.sh": "refuses `time ! command`",
}
TREE_SITTER_IS_WRONG = {
    "backquotes.sh": "does not read backquotes inside backquotes",
    "coproc.sh": "does not know coproc",
    "eval_and_trap.sh": "refuses `eval e=(1)`, which bash accepts",
    "extended_globs.sh": "refuses nested extended globs",
    "groups.sh": "refuses a closing brace after a parenthesis",
    "heredoc_two_on_a_line.sh": "refuses two here-documents on one line",
    "loops.sh": "refuses `for f in; do`, a newline before `in`, and braces for a body",
    "parameters.sh": 'refuses a quoted brace in `${d//[/]/"}"}`',
    "redirections.sh": "refuses `<>` and `&>>`",
    "subshell_in_subshell.sh": "takes `((echo a); (echo b))` for a sum",
    "test_without_semicolon.sh": "refuses `then` straight after `]]`",
    "time.sh": "does not know time",
}
BASH_NEEDS_EXTGLOB = {"extended_globs.sh": "`bash -n` does not run `shopt -s extglob`"}


class Opinion(NamedTuple):
    """What a reader found: functions with first and last line, arms with kind and line."""

    functions: list[tuple[str, int, int]]
    arms: list[tuple[str, int]]


def ours(script: Path) -> Opinion:
    inventory = read_script(script, follow=False)
    assert inventory.unknown == []
    functions = [(function.name, function.line, function.end_line) for function in inventory.functions]
    arms = [(branch.kind, branch.line) for branch in inventory.branches if branch.kind in ARMS]
    return Opinion(sorted(functions), sorted(arms))


# shfmt.


@cache
def shfmt() -> str:
    found = shutil.which("shfmt", path=sysconfig.get_path("scripts")) or shutil.which("shfmt")
    assert found, "shfmt is missing: pip install 'ci_port[dev]'"
    return found


def shfmt_opinion(script: Path) -> Opinion | None:
    """Return None where shfmt refuses the script."""
    with script.open("rb") as text:
        done = subprocess.run([shfmt(), "-ln=bash", "--to-json"], stdin=text, capture_output=True, check=False)
    if done.returncode:
        return None
    functions: list[tuple[str, int, int]] = []
    arms: list[tuple[str, int]] = []
    for node, kind in shfmt_nodes(json.loads(done.stdout), "if"):
        if "ThenPos" in node or "FiPos" in node:
            arms.append((kind if node.get("Cond") else "else", node["Pos"]["Line"]))
        elif "Patterns" in node:
            arms.append(("case", node["Patterns"][0]["Pos"]["Line"]))
        elif node.get("Type") == "FuncDecl":
            functions.append((node["Name"]["Value"], node["Pos"]["Line"], node["End"]["Line"]))
    return Opinion(sorted(functions), sorted(arms))


def shfmt_nodes(node: Any, kind: str) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(node, list):
        for child in node:
            yield from shfmt_nodes(child, "if")
    elif isinstance(node, dict):
        yield node, kind
        for name, child in node.items():
            yield from shfmt_nodes(child, "elif" if name == "Else" else "if")


# tree-sitter-bash.


@cache
def tree_sitter_parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def tree_sitter_opinion(script: Path) -> Opinion | None:
    """Return None where tree-sitter finds an error in the script."""
    root = tree_sitter_parser().parse(script.read_bytes()).root_node
    if root.has_error:
        return None
    functions: list[tuple[str, int, int]] = []
    arms: list[tuple[str, int]] = []
    for node in tree_sitter_nodes(root):
        line = node.start_point[0] + 1
        if node.type == "function_definition":
            name = node.child_by_field_name("name")
            body = node.child_by_field_name("body")
            assert name is not None
            assert name.text is not None
            assert body is not None
            functions.append((name.text.decode(), line, body.end_point[0] + 1))
        elif node.type == "case_item":
            value = node.child_by_field_name("value")
            assert value is not None
            arms.append(("case", value.start_point[0] + 1))
        elif node.type in ("if_statement", "elif_clause", "else_clause"):
            arms.append((node.type.partition("_")[0], line))
    return Opinion(sorted(functions), sorted(arms))


def tree_sitter_nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from tree_sitter_nodes(child)


# The comparisons.


def name_of(script: Path) -> str:
    return f"{script.parent.name}/{script.name}"


@pytest.mark.parametrize("script", [*LEGACY, *VALID], ids=name_of)
def test_shfmt_finds_the_same(script: Path) -> None:
    opinion = shfmt_opinion(script)
    assert (opinion is None) == (script.name in SHFMT_IS_WRONG)
    if opinion is not None:
        assert ours(script) == opinion


@pytest.mark.parametrize("script", [*LEGACY, *VALID], ids=name_of)
def test_tree_sitter_finds_the_same(script: Path) -> None:
    opinion = tree_sitter_opinion(script)
    if script.name in TREE_SITTER_IS_WRONG:
        assert opinion != ours(script), "the entry in the table is stale"
    else:
        assert ours(script) == opinion


@pytest.mark.parametrize("script", [*LEGACY, *VALID], ids=name_of)
def test_bash_accepts_what_we_accept(script: Path) -> None:
    ours(script)
    assert bash_accepts(script) == (script.name not in BASH_NEEDS_EXTGLOB)


@pytest.mark.parametrize("script", BROKEN, ids=name_of)
def test_bash_refuses_what_we_refuse(script: Path) -> None:
    assert not bash_accepts(script)
    with pytest.raises(ScriptError) as caught:
        read_script(script)
    lines = script.read_text().count("\n") + 1
    assert caught.value.file == str(script)
    assert 1 <= caught.value.line <= lines
    assert caught.value.column >= 1
    assert "\n" not in str(caught.value)


def test_there_are_at_least_forty_awkward_scripts() -> None:
    assert len(VALID) >= 40


def bash_accepts(script: Path) -> bool:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    return done.returncode == 0
