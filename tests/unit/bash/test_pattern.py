"""Bash patterns: one table, two executors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.pattern import PatternFault, compile_pattern, escape, is_pattern, matches, only_match, unescape
from tests.unit.bash.real import ask

PATTERNS = [
    "[[:]", "[[:a]", "[a[:]", "[![:]", "[[:alpha:]", "[a[:digit:]-z]",
    "", "*", "?", "??", "a", "a*", "*a", "*a*", "a?c", "*cuda*", "linux-*-py3.?", "**", "*?*", "a**b", "[abc]",
    "[!abc]", "[^abc]", "[a-c]", "[!a-c]", "[c-a]", "[]a]", "[!]a]", "[a]b]", "[]", "[!]", "[", "[a", "a[", "[a-]",
    "[-a]", "[a\\]b]", "[\\]]", "[\\a]", "[a-\\c]", "[a\\-c]", "\\*", "\\?", "\\[a]", "\\\\", "\\", "a\\", "a\\b",
    "*\\*", "[*]", "[?]", "[[]", "[[:digit:]]", "[[:alpha:][:digit:]]", "[![:space:]]", "[[:upper:]a]", "[[:punct:]]",
    "[[:digit:]", "[:digit:]", "[a-z0-9_]", "[[:alnum:]]", "[[:blank:]]", "[[:cntrl:]]", "[[:graph:]]", "[[:lower:]]",
    "[[:print:]]", "[[:word:]]", "[[:xdigit:]]", "a.c", "a+c", "(a)", "a|b", "^a$", "{a,b}", "é", "[é]", "[à-ü]",
    "a b", "a\nb", "*\n*", "$a", "~", "[a/b]", "[.]", "[a-a]",
]  # fmt: skip
TEXTS = [
    "", "a", "b", "c", "d", "ab", "abc", "a\\b", "a*", "*", "?", "[", "]", "[a", "[]", "[!]", "-", "!", "^", "\\",
    "a\\", ":", "d]", "linux-cuda12-py3.1", "linux-jammy-py3.10", "cuda", "CUDA", "a.c", "a+c", "axc", "(a)", "a|b",
    "^a$", "{a,b}", "é", "ö", "É", "a b", "a\nb", "\n", "\t", " ", "\x01", "\x7f", "0", "7", "Z", "_", "~", "$a", '"',
    "'", "#", "/", ".", "[a]", "a]", "b]",
]  # fmt: skip


# Known difference: which letters beyond ASCII a class such as [[:alpha:]] holds is up to the C library's locale
# data; ours hold ASCII only. No CI script tests a variable that way.
def comparable(pair: tuple[str, str]) -> bool:
    """Return whether pattern and text are a pair on which we mean to agree with bash."""
    try:
        compile_pattern(pair[0])
    except PatternFault:  # refused by name, see the tests below
        return False
    return "[:" not in pair[0] or pair[1].isascii()


_PROGRAM = """\
for ((n = 0; n < ${#T1[@]}; n++)); do
  pattern=${T1[n]} text=${T2[n]}
  if [[ $text == $pattern ]]; then printf 'yes\\0'; else printf 'no\\0'; fi
done
"""


def by_bash(patterns: Sequence[str], texts: Sequence[str]) -> list[bool]:
    return [answer == "yes" for answer in ask("shopt -u extglob nocasematch\n" + _PROGRAM, patterns, texts)]


def test_the_table_agrees_with_bash() -> None:
    pairs = [pair for pair in itertools.product(PATTERNS, TEXTS) if comparable(pair)]
    bash = by_bash([pattern for pattern, _ in pairs], [text for _, text in pairs])
    assert [pair for pair, answer in zip(pairs, bash, strict=True) if matches(*pair) != answer] == []
    assert 200 < sum(bash) < len(pairs) - 200


PIECES = st.sampled_from([*"ab-!^]\\*?[", "[a-c]", "[!b]", "[[:alpha:]]", "[:", ":]", "é", "\n", "."])
PAIRS = st.tuples(st.lists(PIECES, max_size=6).map("".join), st.text(st.sampled_from("ab-!^]\\*?[:é\n."), max_size=5))


@given(st.lists(PAIRS, min_size=1, max_size=60))
def test_random_patterns_agree_with_bash(pairs: list[tuple[str, str]]) -> None:
    pairs = [pair for pair in pairs if comparable(pair)]
    bash = by_bash([pattern for pattern, _ in pairs], [text for _, text in pairs])
    assert [(pair, matches(*pair)) for pair in pairs] == list(zip(pairs, bash, strict=True))


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_an_escaped_text_matches_itself_and_an_added_star_more(text: str) -> None:
    assert matches(escape(text), text)
    assert matches(escape(text) + "*", text + "x")
    assert not matches(escape(text), text + "x")


@pytest.mark.parametrize("pattern", ["@(a|b)", "a!(b)", "+(x)", "*(x)", "?(x)"])
def test_extended_globs_are_refused_by_name(pattern: str) -> None:
    with pytest.raises(PatternFault, match="extended glob in pattern"):
        compile_pattern(pattern)


def test_an_unknown_class_is_refused_by_name() -> None:
    with pytest.raises(PatternFault, match=r"unknown character class \[:number:\]"):
        compile_pattern("[[:number:]]")


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        *[("a", False), ("*.whl", True), ("a?", True), ("[ab]", True), ("", False)],
        *[("\\*", False), ("\\\\*", True), ("[a", False), ("\\[a]", False), ("a]", False)],
    ],
)
def test_is_pattern(word: str, answer: bool) -> None:
    assert is_pattern(word) is answer


@given(st.text())
def test_unescape_takes_back_what_escape_did(text: str) -> None:
    assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a", "a"),
        ("", ""),
        ("a\\*\\b", "a*b"),
        ("a*", None),
        ("[a", None),
        ("a\\", None),
        ("@(a)", None),
        ("\\@(", "@("),
    ],
)
def test_the_only_text_that_matches(pattern: str, text: str | None) -> None:
    assert only_match(pattern) == text
