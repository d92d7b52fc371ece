"""Regular expressions of `=~`: one table, two executors; and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.regex import compile_regex, escape, fits
from tests.unit.bash.real import ask

REGEXES = [
    "a",
    "^a",
    "b$",
    "^(a|cuda)",
    "[0-9]+$",
    "a.b",
    "^$",
    "a?b*",
    "a\\.b|^x$",
    "^(a){2}b?$",
    "[]x]",
    "^[^[:space:]a-z]",
]
TEXTS = ["", "a", "ab", "a.b", "aab", "x", "]", "cuda12", "A b", "a\nb", "b\n", "\\", "é", "-"]


def test_the_table_agrees_with_bash() -> None:
    pairs = [(regex, text) for regex in REGEXES for text in TEXTS]
    program = "for n in \"${!T1[@]}\"; do [[ ${T2[n]} =~ ${T1[n]} ]]; printf '%s\\0' $?; done"
    bash = [answer == "0" for answer in ask(program, [regex for regex, _ in pairs], [text for _, text in pairs])]
    assert [(pair, fits(*pair)) for pair in pairs] == list(zip(pairs, bash, strict=True))
    assert any(bash)
    assert not all(bash)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_escaped_text_fits_itself_and_nothing_shorter(text: str) -> None:
    whole = compile_regex(f"^{escape(text)}$")
    assert whole.search(text)
    assert not text or not whole.search(text[:-1])


@pytest.mark.parametrize("regex", ["(a)\\1", "\\<a", "[[.a.]]", "a**(", "[a"])
def test_a_regular_expression_without_an_equal_here_is_refused(regex: str) -> None:
    with pytest.raises(ValueError, match=r"regular expression|not supported"):
        compile_regex(regex)
