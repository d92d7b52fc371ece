"""Which command of the text it is that ran."""

from __future__ import annotations

import pytest

from tests.unit.shell.courses import decides


@pytest.mark.parametrize(
    ("text", "argv", "want"),
    [
        # What is not known decides.
        ("a", "b", True),
        ("a", "a", False),
        ("\na", "a", True),
        ("if", "a", True),
        ("eval a", "a", True),
        ("eval 'if a; then b; fi'; a", "a", True),
        ("trap 'a' EXIT; a", "a", True),
        ("trap 'b' EXIT; a", "a", False),
        ("alias x=a; x", "a", True),
        # Words that are known tell commands apart.
        ("a x && a y", "a x", True),
        ("a x && a y", "a y", False),
        ("a $x && a y", "a y", True),
        ("a $x 1 && a y", "a y", False),
        ("a x $x && a y", "a y", False),
        ("a 'x' && a y*", "a yz", False),
        ("$x && a", "a", True),
        ("$x; a", "a", False),
        ("a; a && b", "a", True),
        # Commands that are started by others.
        ("command a && b", "a", True),
        ("command a; b", "a", False),
        ("b && env X=1 a", "a", False),
        ("env X=1 a && b", "a", True),
        ("echo x | xargs a || b", "a", True),
        ("if timeout 5 a x; then b; fi", "a x", True),
        ("env b && c; a", "a", False),
        ("exec a", "a", False),
        ("f() { exec a; }; f || b", "a", False),
        ("exec a; a && b", "a", True),
        ("(exec a) && b", "a", True),
    ],
)
def test_a_command_is_known_by_its_words(text: str, argv: str, want: bool) -> None:
    assert decides(text, argv, *(((1, "f"), (1, "main")) if text.startswith("f()") else ())) is want


def test_a_command_is_looked_for_in_its_function() -> None:
    text = "f() { a; b; }; a && f"
    assert not decides(text, "a", (1, "f"), (1, "main"))
    assert decides(text, "a", (1, "main"))
    assert decides(text, "a", (1, "g"), (1, "main"))
    assert not decides("main() { a; b; }; a && main", "a", (1, "main"), (1, "main"))


def test_a_call_that_is_not_found_may_ask() -> None:
    text = "f() {\n  a\n}\nf\n"
    assert not decides(text, "a", (2, "f"), (4, "main"))
    assert decides(text, "a", (2, "f"), (3, "main"))
    assert decides(text, "a", (2, "f"))
