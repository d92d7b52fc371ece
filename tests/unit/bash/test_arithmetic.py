"""Bash arithmetic: one table, two executors, our evaluator and real bash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.arithmetic import ArithmeticFault, evaluate, wrap
from tests.unit.bash.real import ask

FAULT = "fault"

# What a CI job can hand to such a place, and each corner of the grammar.
EXPRESSIONS = [
    "92233720368547758082#11", "18446744073709551626#9", "18446744073709551617#0",
    "1 ? 0 : 0 ** -1", "0 && 2 ** -1", "1 || 2 ** (1 - 2)", "1 || 2 ** (a - 6)", "0 && 1 / (1 - 1)", "0 && (a /= 0)",
    "0++0", "0--0", "0++a", "a++(b)", "a--(b)", "a ++b", "1 - --a", "1---a", "a+++++b", "++a++", "++ a", "- --5",
    "", " ", "0", "1", "03", "08", "007", "0x1F", "0X1f", "0x", "x", "1+1", " 2 ", "\t3\n", "-1", "+5", "--5", "- -5",
    "1.5", "1 2", "1+", "*2", "()", "(1", "1)", "(1)", "((2))", "$x", '"1"', "'1'", "`1`", "1;2", "a b", "x y",
    "2#101", "8#17", "16#fF", "36#zZ", "37#zZ", "64#@_", "64#zZ", "65#1", "1#0", "2#2", "10#08", "10#", "#1", "2#",
    "010#1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999",
    "9223372036854775807+1", "-9223372036854775807-2", "9223372036854775807*2", "1<<63", "1<<64", "1<<-1", "-1>>1",
    "7/2", "-7/2", "7/-2", "-7/-2", "7%3", "-7%3", "7%-3", "1/0", "1%0", "0/1", "2**10", "2**0", "2**-1", "2**3**2",
    "-2**2", "2**63", "2**64", "3**50", "!0", "!5", "!!5", "~0", "~5", "!-1", "1 ! 2", "1!", "1==1", "1!=1", "2>1",
    "2<1", "2>=2", "1<2<3", "3>2>1", "1&3", "1|2", "3^1", "6&3|8", "1&&0", "1||0", "0&&1/0", "1||1/0", "1&&1/0",
    "0||1/0", "1?2:3", "0?2:3", "1?2:1/0", "0?1/0:3", "1?2", "1?:3", "1?2:", "1?0?4:5:6", "0?1:0?2:3", "1?2,3:4",
    "1?2:3,4", "1,2", "1,2,3", ",1", "1,", "a=3,a+1", "a=b=4,a+b", "a+=2,a", "a-=1,a", "a*=3,a", "a/=2,a", "a%=2,a",
    "a<<=1,a", "a>>=1,a", "a&=1,a", "a|=8,a", "a^=1,a", "a/=0", "a==5", "a=", "=1", "1=2", "a+1=2", "(a)=1",
    "a = 1 ? 2 : 3", "a=1,0", "a++", "a--", "++a", "--a", "a++ + a", "a+++b", "a---b", "a++b", "++5", "--5", "5++",
    "++(a)", "a++ ++", "- --a", "+ ++a", "a", "b", "c", "d", "loop", "empty", "unset", "text", "sum", "spaces",
    "octal", "loop+1", "0&&loop", "sum*2", "a b c", "a?b:c", "0?(a=9):a", "1||(a=9),a", "0&&(a=9),a", "1?a:(b=9),b",
    "(a=1)+(a=2)", "a=sum", "a=text", "-a", "!a", "a**2", "a##2", "1 + 2 * 3", "(1 + 2) * 3", "10 - 2 - 3",
    "2 * 3 % 4", "1 << 2 + 1", "1 + 1 == 2", "1 | 0 == 0", "!a == 0", "5 & 4 == 4", "a\r", "\v1", "1\f", "1\u00a0",
    "\u00b2", "é", "é=1", "1é", "_a=2,_a", "a1", "1a", "0b1", "1_000", "1@", "@", "a@", "a\\", "{1}",
]  # fmt: skip
VARIABLES = {
    "a": "5",
    "b": "3",
    "c": "a+b",
    "d": "c*c",
    "loop": "loop",
    "empty": "",
    "text": "not a number",
    "sum": "1+1",
    "spaces": "  7  ",
    "octal": "08",
}

# Evaluates each text of T1 as the value of a variable, as `[[ "$text" -eq 0 ]]` does, in a shell of its own; then
# shows the value and what the variables have become.
_PROGRAM = """\
names=(a b c d loop empty text sum spaces octal)
for ((n = 0; n < ${#T2[@]}; n++)); do printf -v "${names[n]}" %s "${T2[n]}"; done
for text__ in "${T1[@]}"; do
  ( : $((text__)) ) 2>/dev/null || { printf 'fault\\0'; continue; }
  (
    printf '%s ' "$((text__))"
    for name in "${names[@]}"; do printf '%s;' "${!name}"; done
    printf '\\0'
  )
done
"""


def by_bash(expressions: Sequence[str]) -> list[str]:
    return ask(_PROGRAM, expressions, list(VARIABLES.values()))


def by_us(expression: str) -> str:
    variables = dict(VARIABLES)
    try:
        value = evaluate(expression, variables)
    except ArithmeticFault:
        return FAULT
    return f"{value} " + "".join(f"{variables[name]};" for name in VARIABLES)


def test_the_table_agrees_with_bash() -> None:
    assert {text: by_us(text) for text in EXPRESSIONS} == dict(zip(EXPRESSIONS, by_bash(EXPRESSIONS), strict=True))


def test_the_table_has_values_and_faults() -> None:
    faults = [by_us(text) == FAULT for text in EXPRESSIONS]
    assert 50 < sum(faults) < len(EXPRESSIONS) - 100


NAMES = st.sampled_from(["a", "b", "c", "d", "sum", "empty", "unset", "octal"])
NUMBERS = st.integers(0, 2**64).map(str) | st.sampled_from(["0", "1", "2", "07", "08", "0x1f", "2#11", "64#_"])
OPERATORS = [
    "+", "-", "*", "/", "%", "**", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^", "&&", "||", ",",
    "=", "+=", "-=", "*=", "<<=", "?", ":", "++", "--", "!", "~", "(", ")",
]  # fmt: skip
TOKENS = st.lists(NUMBERS | NAMES | st.sampled_from(OPERATORS), max_size=8).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda gap: gap.join(words))
)


def trees(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions that are mostly valid."""
    binary = st.sampled_from([sign for sign in OPERATORS if sign not in ("?", ":", "!", "~", "(", ")", "++", "--")])
    return st.one_of(
        st.tuples(inner, binary, inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        st.tuples(st.sampled_from(["-", "!", "~", "+", "++", "--"]), inner).map("".join),
        st.tuples(inner, inner, inner).map(lambda parts: f"{parts[0]} ? {parts[1]} : {parts[2]}"),
    )


TREES = st.recursive(NUMBERS | NAMES, trees, max_leaves=8)
# No `_`: alone it is the last word of the command before, which is the test's own.
CHARACTERS = st.text(st.sampled_from("0123456789abx@#+-*/%<>=!~&|^?:(), \t\n\r.$"), max_size=10)


@given(st.lists(TREES | TOKENS | CHARACTERS, min_size=1, max_size=20))
def test_random_expressions_agree_with_bash(expressions: list[str]) -> None:
    assert [(text, by_us(text)) for text in expressions] == list(zip(expressions, by_bash(expressions), strict=True))


def test_assignments_go_back_only_into_what_can_take_them() -> None:
    class Frozen(Mapping[str, str]):
        def __getitem__(self, name: str) -> str:
            return VARIABLES[name]

        def __iter__(self):  # type: ignore[no-untyped-def]
            return iter(VARIABLES)

        def __len__(self) -> int:
            return len(VARIABLES)

    assert evaluate("a=7, a+1", Frozen()) == 8
    assert VARIABLES["a"] == "5"


def test_array_subscripts_are_refused_by_name() -> None:
    with pytest.raises(ArithmeticFault, match=r"array subscript in a\[...\] is not supported"):
        evaluate("a[0]", {})


@pytest.mark.parametrize(("value", "wrapped"), [(2**63, -(2**63)), (-(2**63) - 1, 2**63 - 1), (2**64, 0), (5, 5)])
def test_wrap(value: int, wrapped: int) -> None:
    assert wrap(value) == wrapped
