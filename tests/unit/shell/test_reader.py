"""One table of scripts, two executors: what we accept, `bash -n` accepts, and the other way round."""

from __future__ import annotations

import pytest

from ci_port.shell.reader import Reader
from ci_port.shell.source import SyntaxFault
from tests.unit.shell.scripts import bash_accepts, read

VALID = (
    "if a; then b; fi",
    "if [[ a ]] then b; fi",
    "{ (a) }",
    "for x in a; { echo; }",
    "eval a=(1)",
    "f() (( 1 ))",
    "$f() { :; }",
    '"f"() { :; }',
    "case x in esac",
    "case x in (esac) ;; esac",
    "a[b c]=1",
    "echo ${}",
    "[[ a =~ (b c) ]]",
    "(( 1 + ))",
    "cat <<EOF",
    "function if { :; }",
    "coproc x { :; }",
    "! ! a",
    "! ",
    "time",
    "a | time b",
    "!(a)",
    "((a) )",
    "((a);(b))",
    "echo $(case x in a) b;; esac)",
    'echo "$(echo ")")"',
    "for in in in; do :; done",
    "a &&\n# comment\nb",
    "for $x in a; do :; done",
    "a() { :; } > f 2>&1",
    "echo \\",
    "$( )",
    "while :; do (:) done",
)
INVALID = (
    ("if a; then fi", 12),
    ("if a; then b; else c; else d; fi", 23),
    ("a | | b", 5),
    ("a && ", 6),
    ("a | ! b", 5),
    ("! )", 3),
    ("time || a", 6),
    ("echo a=(1)", 8),
    ("a=( b; c )", 6),
    ("f() echo", 5),
    ("if() { :; }", 4),
    ("( )", 3),
    ("{ }", 3),
    ("{ a; } b", 8),
    ("x() { a; } b", 12),
    ("a=1 if b; then c; fi", 11),
    ("while; do :; done", 6),
    ("a > ; b", 5),
    ("a > 2>&1", 5),
    ("case x in a) b;; ;; esac", 18),
    ("for ((i=0;i<1)); do :; done", 5),
    ("echo ${a", 6),
    ('echo "a', 6),
    ("echo 'a", 6),
    ("echo $'a", 6),
    ("x=$(a", 3),
    ("x=`a", 3),
    ("in", 1),
    ("]]", 1),
    ("[[ a b ]]", 6),
    ("[[ -f ]]", 7),
    ("[[ a\n]]", 5),
    ("a[b c", 2),
    ("echo )", 6),
    ("a & ; b", 5),
)


@pytest.mark.parametrize("text", VALID)
def test_accepts_what_bash_accepts(text: str) -> None:
    assert bash_accepts(text)
    assert Reader(text).script().statements


@pytest.mark.parametrize(("text", "column"), INVALID)
def test_refuses_what_bash_refuses_and_says_where(text: str, column: int) -> None:
    assert not bash_accepts(text)
    with pytest.raises(SyntaxFault) as caught:
        Reader(text).script()
    assert caught.value.offset + 1 == column


def test_here_documents_of_one_line_are_read_in_order() -> None:
    inventory = read('cat <<A - <<"B"; if c; then d; fi\nif $(if x; then y; fi)\nA\n$(if\nB\nif e; then f; fi\n')
    assert [(branch.kind, branch.line) for branch in inventory.branches] == [("if", 1), ("if", 2), ("if", 6)]


def test_an_error_in_backquotes_is_unknown_because_bash_reads_them_late() -> None:
    from ci_port.shell import Source, read_source

    inventory = read_source(Source("script.sh", "a\nb `if`\n"))
    assert [(item.line, item.column) for item in inventory.unknown] == [(2, 3)]
    assert "backquotes" in inventory.unknown[0].name


def test_deep_nesting_ends_in_an_error_not_in_a_crash() -> None:
    from ci_port.shell import ScriptError, Source, read_source

    with pytest.raises(ScriptError, match="too deeply"):
        read_source(Source("script.sh", "$(" * 5000 + ")" * 5000))
