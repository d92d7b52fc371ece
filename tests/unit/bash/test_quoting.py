"""Words: what bash reads back is what was quoted, and what bash traces is what we say it traces."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.quoting import assignment, quoted, single_quoted, traced, traced_word, visible
from tests.unit.bash.real import BASH, encoded

# Anything an argument can be, bytes that are not UTF-8 (as surrogate escapes) included.
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plain-word_1.py", "plain-word_1.py"),
        ("--shard=1", "--shard=1"),
        ("", "''"),
        ("two words", "'two words'"),
        ("it's", "'it'\\''s'"),
        ("$HOME", "'$HOME'"),
        ("*", "'*'"),
        ("~", "'~'"),
        ("a\nb", "$'a\\nb'"),
        ("\x1b[31m'", "$'\\e[31m\\''"),
        ("\udcff", "$'\\xff'"),
        ("\u202e", "$'\\xe2\\x80\\xae'"),
    ],
)
def test_quoted(text: str, word: str) -> None:
    assert quoted(text) == word


@pytest.mark.parametrize(("value", "text"), [("1", "A=1"), ("", "A="), ("a b", "A='a b'"), (None, "unset A")])
def test_assignment(value: str | None, text: str) -> None:
    assert assignment("A", value) == text


@pytest.mark.parametrize("quoter", [quoted, single_quoted, traced_word])
@given(arguments=st.lists(ARGUMENTS, min_size=1, max_size=20))
def test_bash_reads_quoted_words_back(quoter: Callable[[str], str], arguments: list[str]) -> None:
    script = "LC_ALL=C; printf '%s\\0' " + " ".join(quoter(argument) for argument in arguments)
    assert quoter is not quoted or script.isprintable()
    output = subprocess.run([BASH, "-c", encoded(script)], capture_output=True, check=True).stdout
    assert output.split(b"\0")[:-1] == [encoded(argument) for argument in arguments]


def test_trace_lines_are_those_of_bash() -> None:
    chars = " \t\n'\"\\|&;()<>!{}*[?]^$`~#=:a-/.é%@,+\x01\x1b\x7f\r\x07"
    draw = random.Random(5)
    words = ["".join(draw.choice(chars) for _ in range(draw.randint(0, 5))) for _ in range(400)]
    said = subprocess.run(
        [BASH, "-xc", 'for word; do true "$word"; true -; done', "x", *words],
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    ).stderr.decode()
    ours = "".join(f'+ for word in "$@"\n{traced(("true", word))}\n{traced(("true", "-"))}\n' for word in words)
    assert said == ours


def test_trace_depth() -> None:
    assert traced(("a", ""), depth=2) == "++ a ''"
    assert traced_word("a b") == "'a b'"


def test_what_is_for_people_stays_on_its_line_and_paints_nothing() -> None:
    assert visible("a\n::warning::b\r\x1b[31mc é\udcff") == "a\\n::warning::b\\r\\x1b[31mc é\\udcff"
    assert visible("plain text") == "plain text"
