"""How commands are shown, held against what bash itself shows."""

from __future__ import annotations

import pytest

from ci_port.shell import tree
from ci_port.shell.positions import File, Member
from ci_port.shell.shown import Shown, parts_of_sum, shown
from tests.unit.shell.covering import Covering

COMMANDS = (
    "emit a  b",
    "X=1 Y=\"a b\" emit 'c d' $X > /dev/null 2>&1",
    "> /dev/null",
    "2> /dev/null",
    "{fd}> /dev/null",
    "a=(1   2)",
    "x=$( emit  1 )",
    "emit $( emit 1;emit 2 ) z",
    "emit `emit \\`emit 1\\`` z",
    "emit $'a\\tb' $\"c\" \\\n  d",
    "emit <( emit 1;emit 2 )",
    "emit <<E\n one\nE",
    "[[ a ]]",
    "[[ ! ( -n $A  && $A==b ) || -f   /x ]]",
    "[[ $A =~ ^a(b|c)$ ]]",
    "(( 1+ 2 ))",
    "case  $A  in a) ;; esac",
    "for  i  in  1  2 ; do :; done",
    "for i; do :; done",
    "for (( i = 0 ; i<2; i ++ )); do :; done",
    "for ((;;)); do break; done",
    "select x in a b; do break; done <<< 1",
)


def first(text: str) -> Member:
    return File(text).script.lines[0].terms[0].members[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_shown_as_bash_shows_it(covering: Covering, command: str) -> None:
    member = first(f"{command}\n")
    wanted = shown(member) if not isinstance(member.node, tree.Loop) else (parts_of_sum(member) or (shown(member),))[0]
    started = covering.course(f"set -- 1\n{command}\n", A="x").started[1]
    assert wanted.fits(started.text, started.place.line - 1), (wanted, started.text)


def test_what_differs_does_not_fit() -> None:
    assert not shown(first("emit a\n")).fits("emit b", None)
    assert not shown(first("emit a\n")).fits("emit a b", None)
    assert not shown(first("emit a\n")).fits("emit a", 2)
    assert not shown(first("emit a > b\n")).fits("emit ab", None)
    assert shown(first("emit a > b\n")).fits("emit a > b", 1)
    assert not shown(first("> b\n")).fits("emit > b", None)
    assert not shown(first("[[ a ]]\n")).fits("[[ -z a ]]", None)
    assert not shown(first("(( 1 ))\n")).fits("((2))", None)
    assert not shown(first("case $A in a) ;; esac\n")).fits("case $B in ", None)


def test_in_a_substitution_bash_counts_the_lines_of_its_own_print() -> None:
    (inner,) = (body for body in first("x=$(\nemit\n)\n").bodies)
    assert shown(inner.lines[0].terms[0].members[0]).fits("emit", 99)


def test_a_sum_with_a_semicolon_of_its_own_may_be_any() -> None:
    found = parts_of_sum(first("for ((i = ${x#;}; i < 2; i++)); do :; done\n"))
    assert found == (Shown("((", False, (1, 1), spaced=True),) * 3
