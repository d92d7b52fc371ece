"""The filters against the tools that they stand for."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.host.filters import Filter, basic_regex, field, last_line, matching, without
from ci_port.model import RunFailed

PAIRS: tuple[tuple[Filter, list[str]], ...] = (
    (matching("ab"), ["grep", "ab"]),
    (matching(r"Name:.*\sg|M"), ["grep", "-E", r"Name:.*\sg|M"]),
    (without("^ *#"), ["grep", "-v", "^ *#"]),
    (without(r"\?\? t"), ["grep", "-v", "?? t"]),
    (field(1), ["awk", "{print $1}"]),
    (field(3), ["awk", "{print $3}"]),
    (last_line, ["tail", "-n", "1"]),
)


def tool(argv: list[str], text: str) -> tuple[str, int]:
    """Return what the tool prints, and its status."""
    env = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, input=text.encode(), env=env, capture_output=True, check=False)
    return done.stdout.decode(), done.returncode


@pytest.mark.parametrize(
    ("filtered", "argv"), PAIRS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
@given(text=st.text("ab#? t\tgM:\n", max_size=60).map(lambda text: text.replace("g", "Name: g")))
def test_same_as_the_tool(filtered: Filter, argv: list[str], text: str) -> None:
    """Same text, same status."""
    assert filtered(text) == tool(argv, text)


@given(st.text("ab._ \n", max_size=6), st.text("ab.*^$ _\n", max_size=20))
def test_basic_regex(regex: str, text: str) -> None:
    """What `grep` finds with a basic regular expression."""
    assert matching(basic_regex(regex))(text) == tool(["grep", "-e", regex], text)


@pytest.mark.parametrize("regex", ["a\\b", "[ab]", "a*", "^a", "a$", "a+"])
def test_regex_that_is_not_understood(regex: str) -> None:
    """Refused, not guessed."""
    with pytest.raises(RunFailed):
        basic_regex(regex)
