"""The operators of `[[ ]]`: one table, two executors."""

from __future__ import annotations

import itertools
import string
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.conditional import FILES, NUMBERS, STRINGS, UNARY, compare, sorts_before
from tests.unit.bash.real import BASH, ask

TEXTS = ["", "a", "b", "B", "ab", "a b", "a*", "[ab]", "é", "z", "\udcff", "￿", "𝒳", "-", "\n", "1", "10", "9"]
NUMERIC = ["", "0", "1", "03", "08", "-1", "1+1", "N", "(", "a b", "2#11", "9223372036854775808"]
VARIABLES = {"N": "1"}


def by_bash(sign: str, pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """Return what bash decides; an error counts as false, as it does where a test selects."""
    program = f"N=1; for n in \"${{!T1[@]}}\"; do [[ ${{T1[n]}} {sign} ${{T2[n]}} ]]; printf '%s\\0' $?; done"
    return [answer == "0" for answer in ask(program, [left for left, _ in pairs], [right for _, right in pairs])]


@pytest.mark.parametrize("sign", [sign for sign in STRINGS if sign != "=~"])
def test_strings(sign: str) -> None:
    pairs = list(itertools.product(TEXTS, TEXTS))
    assert [(pair, STRINGS[sign](*pair)) for pair in pairs] == list(zip(pairs, by_bash(sign, pairs), strict=True))


def test_a_regular_expression_stands_on_the_right() -> None:
    assert STRINGS["=~"]("cuda12", "[0-9]+$")
    assert not STRINGS["=~"]("[0-9]+$", "cuda12")


ORDERED = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff"))


@given(st.lists(st.tuples(ORDERED, ORDERED), min_size=1, max_size=40))
def test_any_two_texts_have_the_order_that_bash_gives_them(pairs: list[tuple[str, str]]) -> None:
    assert [(pair, sorts_before(*pair)) for pair in pairs] == list(zip(pairs, by_bash("<", pairs), strict=True))


@pytest.mark.parametrize("sign", NUMBERS)
def test_numbers(sign: str) -> None:
    pairs = list(itertools.product(NUMERIC, NUMERIC))
    ours = [(pair, compare(pair[0], sign, pair[1], VARIABLES)) for pair in pairs]
    assert ours == list(zip(pairs, by_bash(sign, pairs), strict=True))


def accepted(test: str) -> bool:
    """Return whether bash has nothing to say against a test; what it says leaves its status at 0."""
    return not subprocess.run([BASH, "-nc", f"[[ {test} ]]"], capture_output=True, check=True).stderr


def test_the_operators_are_those_of_bash() -> None:
    assert {f"-{letter}" for letter in string.ascii_letters if accepted(f"-{letter} x")} == UNARY
    binary = {*STRINGS, *NUMBERS, *FILES}
    assert all(accepted(f"a {sign} b") for sign in binary)
    assert not any(accepted(f"a {sign} b") for sign in ("-eg", "<=", "-a", "!"))
