"""Pipes around processes. Starting them is tested beside bash, in test_commands.py."""

from __future__ import annotations

import os

import pytest

from ci_port.host.live.processes import pipe_with, read_all


@pytest.mark.parametrize("text", ["", "a\n", "é\udcff", "x" * 65536, "x" * 900_000])
def test_a_pipe_holds_a_text(text: str) -> None:
    reader = pipe_with(text)
    try:
        assert read_all(reader) == os.fsencode(text)
    finally:
        os.close(reader)


def test_what_no_pipe_can_hold_is_an_error_and_leaves_nothing_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=r".+"):
        pipe_with("x" * (1 << 30))
    assert len(os.listdir("/proc/self/fd")) == before
