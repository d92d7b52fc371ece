"""The world that the host's tests are in."""

from __future__ import annotations

import pytest

from ci_port.model import Environment, Rule, World


@pytest.fixture
def world() -> World:
    """A workspace with a few files; `c NAME STATUS` exits with the status."""
    return World(
        workspace="/w",
        path="/bin",
        env=Environment({"HOME": "/home/u"}),
        executables=frozenset({"/bin/tool"}),
        dirs=frozenset({"/w/test"}),
        files={"/w/dist/a.whl": "", "/w/dist/b.whl": "", "/w/notes.txt": "# one\ntwo words\n", "/w/empty.sh": "\n"},
        commands=(
            *(Rule(("c", "*", str(status)), status) for status in (1, 2, 3, 4)),
            Rule(("say", "hello"), 0, "hello\n\n"),
            Rule(("say", "bad"), 3, "half\n"),
        ),
        pure=frozenset({"cat", "grep"}),
    )
