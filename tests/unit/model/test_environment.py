"""Environments: frozen, and unset is not empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Environment

NAMES = st.text(st.characters(exclude_characters="\0=", exclude_categories=["Cs"]), min_size=1, max_size=5)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
ENVIRONMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


def test_it_is_a_mapping_that_compares_and_hashes_by_content() -> None:
    environment = Environment({"B": "2", "A": ""})
    assert dict(environment) == {"A": "", "B": "2"}
    assert environment == {"A": "", "B": "2"} == environment
    assert hash(environment) == hash(Environment({"A": "", "B": "2"}))
    assert environment != Environment({"B": "2"})
    assert "A" in environment
    assert "C" not in environment
    assert repr(Environment({"A": "1"})) == "Environment({'A': '1'})"


def test_it_keeps_no_hold_of_what_it_was_made_from() -> None:
    values = {"A": "1"}
    environment = Environment(values)
    values["A"] = "2"
    assert environment["A"] == "1"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"": "x"}, "not a variable name: ''"),
        ({"A=B": "x"}, "not a variable name: 'A=B'"),
        ({"A\0": "x"}, "not a variable name"),
        ({"A": "x\0y"}, "the value of A contains a NUL byte"),
    ],
)
def test_what_no_environment_can_hold_is_refused(values: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Environment(values)


def test_overlaid_sets_empties_and_removes() -> None:
    base = Environment({"KEEP": "1", "EMPTY": "1", "GONE": "1"})
    overlaid = base.overlaid({"EMPTY": "", "GONE": None, "NEW": "2", "NEVER": None})
    assert overlaid == {"KEEP": "1", "EMPTY": "", "NEW": "2"}
    assert base == {"KEEP": "1", "EMPTY": "1", "GONE": "1"}


@given(ENVIRONMENTS, ENVIRONMENTS)
def test_changes_lead_from_one_environment_to_the_other(first: dict[str, str], second: dict[str, str]) -> None:
    changes = Environment(first).changes_to(second)
    assert Environment(first).overlaid(changes) == second
    assert list(changes) == sorted(changes)
    assert (changes == {}) == (first == second)
