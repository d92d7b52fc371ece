"""The sandboxed process: its messages, and how it writes what was observed."""

from __future__ import annotations

import io
import os

import pytest

from ci_port.dryrun import worker
from ci_port.model import World


def test_messages_come_back() -> None:
    stream = io.BytesIO()
    worker.send(stream, b"one")
    worker.send(stream, b"")
    stream.seek(0)
    assert (worker.receive(stream), worker.receive(stream), worker.receive(stream)) == (b"one", b"", None)


@pytest.mark.parametrize("length", [3, 9])
def test_a_message_that_is_cut_short_is_none(length: int) -> None:
    stream = io.BytesIO()
    worker.send(stream, b"text")
    assert worker.receive(io.BytesIO(stream.getvalue()[:length])) is None


def test_appending_streams() -> None:
    assert worker._stream(">>/w/log", World("/w", "/bin")) == ">>log"
    assert worker._stream("/w/log", World("/w", "/bin")) == "log"
    assert worker._stream("heredoc", World("/w", "/bin")) == "heredoc"


def test_a_closed_pipe_is_seen() -> None:
    read, write = os.pipe()
    try:
        assert not worker._closed(read)
        os.write(write, b"x")
        assert not worker._closed(read)
        os.close(write)
        assert worker._closed(read)
    finally:
        os.close(read)
