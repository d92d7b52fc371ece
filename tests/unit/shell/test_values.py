"""What tests came to, from the pipelines that ended and the variables that they looked at."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ci_port.model import Compare, Contains, Probe
from ci_port.shell.conditions import Decision
from ci_port.shell.flow import Valued
from ci_port.shell.values import MOST_TESTS, Ended, value_of, values_of
from tests.unit.shell.scripts import read


def decision(condition: str) -> tuple[str, Decision]:
    text = f"if {condition}; then :; fi\n"
    (found,) = read(text).decisions.values()
    return text, found


def ended(text: str, part: str, value: bool, variables: Mapping[str, str] | None = None) -> Ended:
    start = text.index(part)
    return Ended(Valued(start, start + len(part), value), variables)


Part = tuple[str, bool, "Mapping[str, str] | None"]
ROWS: tuple[tuple[str, list[Part], bool, tuple[bool | None, ...] | None], ...] = (
    ("a", [("a", True, None)], True, (True,)),
    ("! a", [("! a", False, None)], False, (True,)),
    ("a && b", [("a", False, None)], False, (False, None)),
    ("a && b", [("a", True, None), ("b", False, None)], False, (True, False)),
    ("a || b && c", [("a", True, None), ("c", False, None)], False, (True, None, False)),
    (
        "{ a || b; } && c",
        [("a", False, None), ("b", True, None), ("{ a || b; }", True, None), ("c", True, None)],
        True,
        (False, True, True),
    ),
    ("[[ -f a && -f b ]]", [("[[ -f a && -f b ]]", True, None)], True, (True, True)),
    ("[[ -f a && -f b ]]", [("[[ -f a && -f b ]]", False, None)], False, None),
    ("[[ $A == x && -f b ]]", [("[[ $A == x && -f b ]]", False, {"A": "x"})], False, (True, False)),
    ("[[ $A == x && -f b ]]", [("[[ $A == x && -f b ]]", False, {})], False, (False, None)),
    ("[[ $A == x && $B ]] && c", [("[[ $A == x && $B ]]", True, None), ("c", True, None)], True, (True, True, True)),
    ("a; b", [("b", True, None)], True, (True,)),
    ("a && b", [], False, None),
    ("[[ $A == x ]]", [("[[ $A == x ]]", True, {"A": "y"})], True, None),
)


@pytest.mark.parametrize(("condition", "parts", "outcome", "values"), ROWS)
def test_the_only_values_under_which_just_these_end_so(
    condition: str,
    parts: list[Part],
    outcome: bool,
    values: tuple[bool | None, ...] | None,
) -> None:
    text, found = decision(condition)
    assert values_of(found, [ended(text, *part) for part in parts], outcome) == values


def test_too_many_tests_are_not_guessed() -> None:
    text, found = decision(" && ".join(f"c{number}" for number in range(MOST_TESTS + 1)))
    assert values_of(found, [ended(text, "c0", False)], False) is None


def test_what_variables_tell() -> None:
    assert value_of(Contains("A", "x"), {"A": "axb"}) is True
    assert value_of(Contains("A", "x"), {}) is False
    assert value_of(Contains("A", "x"), None) is None
    assert value_of(Compare("N", "-gt", 1), {"N": "2"}) is True
    # A sum of other variables, an argument of which the record knows nothing, a test of the machine.
    assert value_of(Compare("N", "-gt", 1), {"N": "M"}) is None
    assert value_of(Contains("10", "x"), {"1": "x"}) is None
    assert value_of(Probe("-f a"), {}) is None
