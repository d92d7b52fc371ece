"""The bash that files are sourced in, and what it tells. What it does stands beside bash in in_bash.rows.txt."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.host.live.sourcing import State, arrays, changes, program, state
from ci_port.host.seam import Scope
from ci_port.model import RunFailed


def scope(**changes: object) -> Scope:
    plain = Scope("/", {"A": "1", "E": "x", "bad-name": "y"}, {"E": "x"}, {"L": ("a", "b c")}, {}, excused=False)
    return plain._replace(**changes)  # type: ignore[arg-type]


def test_the_program_is_bash() -> None:
    for made in (
        program(scope(), "f () \n{ \n    :\n}", ["declare -A M=()"], None, call=False),
        program(scope(temporary={"T": "it's"}, excused=True), "", [], "pre'lude", call=True),
    ):
        subprocess.run(["bash", "-n", "-c", made], check=True)


def test_it_knows_what_is_not_exported_and_no_more() -> None:
    made = program(scope(), "", [], None, call=False)
    assert "\nA='1'\n" in made
    assert "\nE=" not in made
    assert "bad-name" not in made
    assert "L=('a' 'b c')" in made


def dump(returned: str, *variables: str) -> str:
    return "".join(
        f"{field}\0" for field in ("/w", "ehuB", " \t\n", "set -o pipefail", returned, "f () {}", "f\ng", *variables)
    )


def test_a_state_is_read() -> None:
    found = state(dump("yes", "A", "x", "1", "L", "array", "declare -a L=()"))
    assert found == State(
        "/w",
        (" \t\n", "set -o pipefail", "e", "u"),
        True,
        "f () {}",
        frozenset({"f", "g"}),
        {"A": ("x", "1"), "L": ("array", "declare -a L=()")},
    )


@pytest.mark.parametrize("text", ["", "/w\0", "garbage"])
def test_a_shell_that_tells_nothing_is_an_error(text: str) -> None:
    with pytest.raises(RunFailed, match="took the shell's place"):
        state(text)


def test_differences() -> None:
    before = state(dump("", "SAME", "", "1", "NEWLY", "", "2", "GONE", "x", "3", "RANDOM", "i", "4"))
    after = state(
        dump("yes", "SAME", "", "1", "NEWLY", "x", "2", "ADDED", "", "5", "RANDOM", "i", "6", "L", "array", "d")
    )
    assert changes(before, after) == (("NEWLY", "2", True), ("ADDED", "5", False), ("GONE", None, False))
    assert arrays(before, after) == {"L": "d"}
