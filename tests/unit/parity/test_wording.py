"""Steps in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Execute, Limit, Observation, Plan, Source, Step, Umask, Write
from ci_port.parity.compare import difference
from ci_port.parity.wording import Word, aligned, change, command_words, notes, sides


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Execute(("python", "a b.py")), "python 'a b.py'"),
        (Umask("077"), "umask 077"),
        (Execute(("cat",), stdin="in put"), "< 'in put' cat"),
        (Execute(("cat",), stdin="pipe", stdout="pipe"), "| cat |"),
        (Execute(("cat",), stdin="heredoc"), "<<heredoc cat"),
        (Execute(("cat",), stdout="pipe", stderr="pipe"), "cat |&"),
        (Execute(("cat",), stdout="pipe", stderr="/dev/null"), "cat 2> /dev/null |"),
        (Execute(("cat",), stderr="pipe"), "cat 2>|"),
        (Execute(("cat",), stdout="log"), "cat > log"),
        (Execute(("cat",), stdout=">>my log"), "cat >> 'my log'"),
        (Execute(("cat",), stdout="log", stderr="log"), "cat &> log"),
        (Execute(("cat",), stdout=">>log", stderr=">>log"), "cat &>> log"),
        (Source("/opt/x.sh"), "source /opt/x.sh"),
        (Write("f", append=True), ">> f"),
        (Write("f", append=False), "> f"),
        (Limit("core", "unlimited"), "ulimit core unlimited"),
    ],
)
def test_command_words(step: Step, text: str) -> None:
    assert " ".join(command_words(step)) == text


def test_notes_say_what_stands_beside_the_command() -> None:
    step = Execute(("x",), cwd="a b", status=2, env=(("GONE", None), ("EMPTY", ""), ("SET", "1 2")))
    assert notes(step) == ("in 'a b'", "exits 2", "unset GONE", "EMPTY=", "SET='1 2'")
    assert notes(Execute(("x",))) == ()
    assert notes(Source("x")) == ()


def test_aligned_marks_words_without_counterpart() -> None:
    left, right = aligned(("run", "--shard", "1", "5"), ("run", "--verbose", "--shard", "2", "5"))
    assert left == [Word("run", False), Word("--shard", False), Word("1", True), Word("5", False)]
    assert [word.text for word in right if word.differs] == ["--verbose", "2"]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_alignment_keeps_all_words_and_marks_only_what_differs(left: list[str], right: list[str]) -> None:
    ours, theirs = aligned(tuple(left), tuple(right))
    assert [word.text for word in ours] == left
    assert [word.text for word in theirs] == right
    assert [word.text for word in ours if not word.differs] == [word.text for word in theirs if not word.differs]
    assert any(word.differs for word in ours + theirs) == (left != right)


def columns(control: tuple[Step, ...], candidate: tuple[Step, ...], status: int = 0) -> tuple[str, str]:
    found = difference(Observation(Plan(control, status)), Observation(Plan(candidate, 0)))
    assert found is not None
    left, right = sides(found)
    return " ".join(left.words), " ".join(right.words)


A, B = Execute(("a",)), Execute(("b",))


def test_a_step_that_one_side_lacks_has_no_words_there() -> None:
    assert columns((A, B), (B,)) == ("a", "")
    assert columns((B,), (A, B)) == ("", "a")
    assert columns((A, B), (A,)) == ("b", "")
    assert columns((A,), (A, B)) == ("", "b")
    assert columns((A, B), (B, A)) == ("a", "b")
    assert columns((A,), (A,), status=3) == ("exit 3", "exit 0")


def test_change_holds_only_what_differs() -> None:
    control = Observation(Plan((Execute(("run", "x", "1"), env=(("A", "1"), ("B", "2"))),), 0))
    candidate = Observation(Plan((Execute(("run", "1"), env=(("A", "1"), ("B", "3"))),), 0))
    found = difference(control, candidate)
    assert found is not None
    assert change(found) == ((("x",), ()), (("B=2",), ("B=3",)))


def test_contents_and_inner_steps_stand_beside_the_command() -> None:
    step = Execute(("./s.sh",), status=1, stdin="pipe", input="a\nb\n", steps=(Execute(("c",), "d"), Umask("077")))
    assert notes(step) == ("exits 1", "2 steps of its own", "reads a, b")
    assert notes(Write("f", append=False, text="x")) == ("writes x without a newline",)
    other = replace(step, input="a\nc\n", steps=(Execute(("c",), "e"), Umask("077")))
    found = difference(Observation(Plan((step,), 0)), Observation(Plan((other,), 0)))
    assert found is not None
    assert found.differing == ("input", "steps")
    left, right = sides(found)
    assert left.notes == ("exits 1", "itself: c (in d)", "itself: umask 077", "reads a", "reads b")
    assert right.notes == ("exits 1", "itself: c (in e)", "itself: umask 077", "reads a", "reads c")
    assert change(found) == ((("itself: c (in d)",), ("itself: c (in e)",)), (("reads b",), ("reads c",)))
