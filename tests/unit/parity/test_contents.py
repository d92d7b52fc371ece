"""What is read and written, in words."""

from __future__ import annotations

import pytest

from ci_port.bash.quoting import quoted
from ci_port.model import Digest, Execute, Source, Step, Text, Write
from ci_port.parity.contents import beside, changes, folded, shown

SHA = "ab" * 32


def fed(text: Text | None) -> Execute:
    return Execute(("cat",), stdin="pipe", input=text)


def numbers(first: int, last: int) -> str:
    return "".join(f"{number}\n" for number in range(first, last + 1))


@pytest.mark.parametrize(
    ("step", "note"),
    [
        (fed("one\n"), "reads one"),
        (fed("one"), "reads one without a newline"),
        (fed("a b\n\n"), "reads 'a b', ''"),
        (fed("\n"), "reads ''"),
        (fed(numbers(1, 3)), "reads 1, 2, 3"),
        (fed(numbers(1, 1203)), "reads 1, 2, 3, … and 1,200 more lines"),
        (fed(Digest(SHA, 70000)), f"reads 70,000 bytes with SHA-256 {SHA}"),
        (Write("f", append=False, text=""), "writes (nothing)"),
        (Write("f", append=False, text="\x1b[31m\n"), "writes $'\\e[31m'"),
    ],
)
def test_a_content_by_itself(step: Step, note: str) -> None:
    assert shown(step, quoted) == (note,)


@pytest.mark.parametrize("step", [fed(None), Write("f", append=False), Source("f")])
def test_nothing_is_said_where_nothing_is_known(step: Step) -> None:
    assert shown(step, quoted) == beside(step, fed("x"), quoted) == ()


def test_beside_another_only_what_differs_is_shown_whole() -> None:
    ours, theirs = fed(numbers(1, 30)), fed(numbers(1, 19) + "x\n" + numbers(21, 30))
    assert beside(ours, theirs, quoted) == (
        *("reads … 18 equal lines", "reads 19", "reads 20", "reads 21", "reads … 9 equal lines"),
    )
    assert beside(theirs, ours, quoted)[2] == "reads x"
    assert beside(ours, fed(None), quoted) == tuple(f"reads {number}" for number in range(1, 31))
    assert beside(ours, ours, quoted) == shown(ours, quoted)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("a\nb\n", "a\nc\n", [(("b",), ("c",))]),
        ("a\n", "a", [(("a",), ("a without a newline",))]),
        ("a\n", None, [(("a",), ())]),
        (None, "", [((), ("(nothing)",))]),
        ("(nothing)\n", "", [(("'(nothing)'",), ("(nothing)",))]),
        (Digest(SHA, 1), Digest(SHA, 2), [((f"1 bytes with SHA-256 {SHA}",), (f"2 bytes with SHA-256 {SHA}",))]),
        ("a", "a", []),
        (None, None, []),
    ],
)
def test_changes(one: Text | None, other: Text | None, found: list[object]) -> None:
    assert list(changes(one, other, quoted)) == found


def test_few_equal_lines_are_not_folded() -> None:
    assert folded(list("abcx"), list("abcy")) == list("abcx")
    assert folded(list("abcdx"), list("abcdy")) == ["… 3 equal lines", "d", "x"]
    assert folded(list("abcd"), list("abcd")) == ["… 4 equal lines"]
