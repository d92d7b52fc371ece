"""Conditions: evaluated by us, printed as bash, evaluated by bash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.quoting import quoted
from ci_port.model import (
    ALWAYS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Contains,
    Equals,
    Fits,
    Matches,
    Negation,
    Nonempty,
    Present,
    Same,
    Variable,
)
from tests.unit.bash.real import ask

BE, CONFIG, SHARD = Variable("BUILD_ENVIRONMENT"), Variable("TEST_CONFIG"), Variable("SHARD_NUMBER")

PRINTED = [
    (BE.contains("cuda"), '[[ "$BUILD_ENVIRONMENT" == *cuda* ]]'),
    (BE.contains("a b"), "[[ \"$BUILD_ENVIRONMENT\" == *'a b'* ]]"),
    (BE.contains("it's"), "[[ \"$BUILD_ENVIRONMENT\" == *'it'\\''s'* ]]"),
    (CONFIG.equals("smoke"), '[[ "$TEST_CONFIG" == smoke ]]'),
    (CONFIG.equals(""), "[[ \"$TEST_CONFIG\" == '' ]]"),
    (CONFIG.equals("a*"), "[[ \"$TEST_CONFIG\" == 'a*' ]]"),
    (CONFIG.matches("*_b[12]00"), '[[ "$TEST_CONFIG" == *_b[12]00 ]]'),
    (CONFIG.nonempty(), '[[ -n "$TEST_CONFIG" ]]'),
    (SHARD.compare("-gt", 2), '[[ "$SHARD_NUMBER" -gt 2 ]]'),
    (~CONFIG.nonempty(), '[[ ! -n "$TEST_CONFIG" ]]'),
    (BE.contains("a") & CONFIG.equals("b"), '[[ "$BUILD_ENVIRONMENT" == *a* && "$TEST_CONFIG" == b ]]'),
    (
        (BE.contains("a") | BE.contains("b")) & ~(CONFIG.equals("c") | CONFIG.equals("d")),
        '[[ ( "$BUILD_ENVIRONMENT" == *a* || "$BUILD_ENVIRONMENT" == *b* ) && '
        '! ( "$TEST_CONFIG" == c || "$TEST_CONFIG" == d ) ]]',
    ),
    (ALWAYS, "[[ 1 -eq 1 ]]"),
    (AnyOf(()), "[[ 1 -eq 0 ]]"),
]


@pytest.mark.parametrize(("condition", "text"), PRINTED)
def test_a_condition_prints_as_bash_would_write_it(condition: Condition, text: str) -> None:
    assert str(condition) == text


def test_conditions_are_values() -> None:
    assert BE.contains("a") & CONFIG.equals("b") == AllOf(
        (Contains("BUILD_ENVIRONMENT", "a"), Equals("TEST_CONFIG", "b"))
    )
    assert hash(~BE.contains("a")) == hash(Negation(Contains("BUILD_ENVIRONMENT", "a")))
    assert ~~BE.nonempty() == BE.nonempty()
    a, b, c = (BE.contains(text) for text in "abc")
    assert (a & b) & c == a & (b & c) == AllOf((a, b, c))
    assert (a | b) | c == a | (b | c) == AnyOf((a, b, c))
    assert BE.contains("a") != BE.matches("a")


def test_variables_are_all_that_a_condition_looks_at() -> None:
    condition = (BE.contains("a") | ~SHARD.compare("-eq", 1)) & CONFIG.nonempty()
    assert condition.variables() == {"BUILD_ENVIRONMENT", "SHARD_NUMBER", "TEST_CONFIG"}
    assert ALWAYS.variables() == frozenset()


def test_unset_counts_as_empty() -> None:
    assert not BE.nonempty().holds({})
    assert BE.equals("").holds({})
    assert SHARD.compare("-eq", 0).holds({})


def test_an_unknown_comparison_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown comparison '=='"):
        Compare("X", "==", 1)


NAMES = ["X", "Y", "Z"]
VALUES = [
    "",
    "a",
    "ab",
    "a b",
    "a*",
    "cuda",
    "linux-cuda12",
    "1",
    "2",
    "03",
    "08",
    "1+1",
    "Y",
    "(",
    "-n",
    "!",
    "é\n",
    "'",
    "\\",
]


def by_bash(rows: Sequence[tuple[Condition, Mapping[str, str]]]) -> list[bool]:
    program = """\
set --
for ((i__ = 0; i__ < ${#T1[@]}; i__++)); do
  unset X Y Z
  eval "${T2[i__]}"
  if eval "${T1[i__]}"; then printf 'yes\\0'; else printf 'no\\0'; fi 2>/dev/null
done
"""
    assignments = ["; ".join(f"{name}={quoted(value)}" for name, value in variables.items()) for _, variables in rows]
    return [answer == "yes" for answer in ask(program, [str(condition) for condition, _ in rows], assignments)]


REGEXES = ["a", "^a", "b$", "^(a|cuda)", "[0-9]+$", "a.b", "^$", "a?b*"]
LEAVES = st.one_of(
    st.builds(Contains, st.sampled_from(NAMES), st.sampled_from([value for value in VALUES if value])),
    st.builds(Equals, st.sampled_from(NAMES), st.sampled_from(VALUES)),
    st.builds(
        Matches, st.sampled_from(NAMES), st.sampled_from(["*", "?", "a*", "*cuda*", "[ab]*", "*[0-9]", "a?b", "[!a]*"])
    ),
    st.builds(Nonempty, st.sampled_from(NAMES)),
    st.builds(Present, st.sampled_from(NAMES)),
    st.builds(Same, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds(
        Fits, st.sampled_from(NAMES), st.sampled_from(["a", "^a", "b$", "^(a|cuda)", "[0-9]+$", "a.b", "^$", "a?b*"])
    ),
    st.builds(
        Compare, st.sampled_from(NAMES), st.sampled_from(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"]), st.integers(-1, 9)
    ),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda condition: ~condition),
    ),
    max_leaves=8,
)
ENVIRONMENTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


@given(st.lists(st.tuples(CONDITIONS, ENVIRONMENTS), min_size=1, max_size=40))
def test_random_conditions_agree_with_bash(rows: list[tuple[Condition, dict[str, str]]]) -> None:
    ours = [(str(condition), variables, condition.holds(variables)) for condition, variables in rows]
    bash = [(str(row[0]), row[1], answer) for row, answer in zip(rows, by_bash(rows), strict=True)]
    assert ours == bash


def test_printed_conditions_agree_with_bash_on_every_value() -> None:
    leaves: list[Condition] = [
        *(Contains("X", value) for value in VALUES if value),
        *(Equals("X", value) for value in VALUES),
        *(Compare("X", sign, number) for sign in ("-eq", "-lt", "-ge") for number in (0, 1, 3)),
        Nonempty("X"),
        ALWAYS,
        AnyOf(()),
    ]
    rows = [(leaf, {"X": value}) for leaf in leaves for value in VALUES]
    bash = by_bash(rows)
    assert [row for row, answer in zip(rows, bash, strict=True) if row[0].holds(row[1]) != answer] == []
    assert any(bash)
    assert not all(bash)
