"""The index of rules gives what the plain search gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_port.host.answers import RuleIndex, prepare
from ci_port.model import Rule, World
from ci_port.model.rules import Answers

WORDS = st.sampled_from(["a", "b", "*", "[!-]*"])
RULES = st.builds(
    lambda words, rest, status, nth: Rule((*words, "**") if rest else tuple(words), status, "", (), nth),
    st.lists(WORDS, min_size=1, max_size=3),
    st.booleans(),
    st.integers(0, 255),
    st.sampled_from([0, 0, 0, 1, 2]),
)
COMMANDS = st.lists(st.sampled_from(["a", "b", "c", "**", "-a", ""]), min_size=1, max_size=3).map(tuple)


@given(st.lists(RULES, max_size=8), st.lists(COMMANDS, max_size=12))
def test_same_answers_in_any_run(rules: list[Rule], commands: list[tuple[str, ...]]) -> None:
    """Order, wildcards, and rules that speak of the nth command only."""
    plain, index = Answers(rules), RuleIndex(rules)
    for _ in range(2):
        uses: dict[int, int] = {}
        assert [index.answer(argv, uses) for argv in commands] == [plain.to(argv) for argv in commands]
        plain = Answers(rules)


def test_rules_depend_on_the_start() -> None:
    """A rule with `when` is in force only where its globs hold."""
    prepared = prepare(World("/w", "/bin", commands=(Rule(("a",), 1, "", (("X", "*y*"),)), Rule(("a",), 2))))
    answers = [prepared.rules(start).answer(("a",), {}) for start in ({"X": "xyz"}, {}, {"X": "xyz"})]
    assert [answer.status if answer else None for answer in answers] == [1, 2, 1]


def test_one_world_is_prepared_once() -> None:
    """Until another takes its place."""
    one, other = World("/w", "/bin"), World("/w", "/bin")
    assert prepare(one) is prepare(one)
    assert prepare(other).world is other
