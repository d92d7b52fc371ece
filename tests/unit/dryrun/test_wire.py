"""Messages between a recorder and its worker."""

from __future__ import annotations

import io

import pytest

from ci_port.dryrun import wire


def test_messages_come_back() -> None:
    stream = io.BytesIO()
    wire.send(stream, b"one")
    wire.send(stream, b"")
    stream.seek(0)
    assert (wire.receive(stream), wire.receive(stream), wire.receive(stream)) == (b"one", b"", None)


@pytest.mark.parametrize("length", [3, 9])
def test_a_message_that_is_cut_short_is_none(length: int) -> None:
    stream = io.BytesIO()
    wire.send(stream, b"text")
    assert wire.receive(io.BytesIO(stream.getvalue()[:length])) is None
