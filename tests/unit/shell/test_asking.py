"""What the next command does with `$?`, told from its text; that bash does the same is tested with the decisions."""

from __future__ import annotations

import pytest

from ci_port.shell.asking import Ask, Asking, Use, reads
from ci_port.shell.positions import File

FUNCTIONS = "asks() { rc=$?; }; returns() { return; }; leaves() { exit; }; plain() { a; }; loops() { loops; }\n"


def asks(text: str, pipe: bool = False) -> list[Ask]:
    """Return what the last command of a text does with the status before it; the functions above are there."""
    functions, file = File(FUNCTIONS), File(text)
    return list(Asking({"functions": functions, "text": file}, {}).of_line(file.script.lines[-1], pipe))


def uses(text: str, pipe: bool = False) -> set[Use]:
    return {ask.use for ask in asks(text, pipe)}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a", set()),
        ("a $?", {Use.READ}),
        ('a "${?}"', {Use.READ}),
        ("a '$?'", set()),
        ("a && b $?", set()),
        ("a $? | b", {Use.READ}),
        ("a | b $?", {Use.READ}),
        ("! a $?", {Use.READ}),
        ("a <<< $?", {Use.READ}),
        ("a <<E\n$?\nE", {Use.READ}),
        ("a <<'E'\n$?\nE", set()),
        ("x=([$?]=1)", {Use.READ}),
        ("x[$?]=1", {Use.READ}),
        ("$(a $?)", {Use.READ}),
        (": $(a; b $?)", set()),
        ("a <(b $?)", {Use.READ}),
        ("if a $?; then b; fi", {Use.READ}),
        ("if a; then b $?; fi", set()),
        ("while a; do b $?; done", set()),
        ("for i in $?; do a; done", {Use.READ}),
        ("for i; do a $?; done", {Use.READ}),
        ("for ((i = $?; ; )); do a; done", {Use.READ}),
        ("case $? in x) ;; esac", {Use.READ}),
        ("case x in x) a ;; y) b $? ;; esac", {Use.READ}),
        ("{ a $?; }", {Use.READ}),
        ("( a; b $? )", set()),
        ("{ a; } > $?", {Use.READ}),
        ("[[ $? = 0 ]]", {Use.READ}),
        ("(( $? ))", {Use.READ}),
        ("f() { a $?; }", set()),
        ("coproc a $?", {Use.READ}),
        ("return", {Use.RETURNED}),
        ("return $?", {Use.RETURNED}),
        ("return 1", set()),
        ("return $(a)", {Use.RETURNED}),
        ("command return", {Use.RETURNED}),
        ("exit", {Use.EXITED}),
        ("exit $(( $? + 1 ))", {Use.EXITED}),
        ("exit 0", set()),
        ("{ exit; }", {Use.EXITED}),
        ("asks", {Use.READ}),
        ("plain", set()),
        ("loops", set()),
        ("returns", {Use.HANDED}),
        ("leaves", {Use.EXITED}),
        ("( returns )", {Use.HANDED}),
        ('"$@"', {Use.READ}),
        ("x=1", set()),
        ("eval 'a $?'", {Use.READ}),
        ("eval 'return'", {Use.READ}),
        ("eval a", set()),
        ('eval "$a"', {Use.READ}),
        ('eval "$(a)"', set()),
        ("source x", set()),
        ("!", set()),
        ("x=`a ${`", set()),
        ("x=`a $? ${`", {Use.READ}),
    ],
)
def test_what_a_command_does_with_the_status(text: str, want: set[Use]) -> None:
    assert uses(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a $?", set()),
        ("a ${PIPESTATUS[0]}", {Use.READ}),
        ("(( PIPESTATUS[0] ))", {Use.READ}),
        ("[[ PIPESTATUS[0] -eq 0 ]]", {Use.READ}),
        ("let x=PIPESTATUS[0]", {Use.READ}),
        ("a $(( PIPESTATUS[0] ))", {Use.READ}),
        ("x[PIPESTATUS[0]]=1", {Use.READ}),
        ("for ((i = PIPESTATUS[0]; ; )); do a; done", {Use.READ, Use.KEPT}),
        ("return", set()),
        ("exit ${PIPESTATUS[0]}", {Use.EXITED}),
        ("f() { a; }", {Use.KEPT}),
        ("for i; do a; done", {Use.KEPT}),
        ("case x in esac", {Use.KEPT}),
        ("a &", {Use.KEPT}),
        ("if a; then b; fi", set()),
        ("[[ a ]]", set()),
    ],
)
def test_what_a_command_does_with_the_status_of_a_pipeline(text: str, want: set[Use]) -> None:
    assert uses(text, pipe=True) == want


def test_what_a_call_hands_on_stands_where_the_call_does() -> None:
    (ask,) = asks("returns")
    assert ask.member.name == "returns"
    (ask,) = asks("exit")
    assert ask.member.name == "exit"


def test_a_sourced_file_begins_with_the_status_too() -> None:
    file, other = File("source x"), File("return; a")
    command = file.commands[0]
    asking = Asking({"": file}, {id(command): other})
    assert [ask.use for ask in asking.of_line(file.script.lines[0])] == [Use.HANDED]


def test_a_substitution_sets_the_status_for_what_stands_behind_it() -> None:
    file = File("a $(b $?) $(c) $(d $?)")
    member = next(member for member in file.commands if member.name == "a")
    asking = Asking({"": file}, {})
    nodes = [body.node for body in member.bodies]
    assert [reads(asking.of_member(member, after=node)) for node in nodes] == [True, True, False]
