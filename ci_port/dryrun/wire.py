"""Messages between a recorder and its worker: each its length, then its bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO


def send(stream: BinaryIO, data: bytes) -> None:
    """Write one message."""
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    """Return the next message, or None at the end of the stream."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    size = struct.unpack("<Q", head)[0]
    data = stream.read(size)
    return data if len(data) == size else None
