"""One run of bash."""

from __future__ import annotations

import os

from ci_port.dryrun import supervisor


def test_a_closed_pipe_is_seen() -> None:
    read, write = os.pipe()
    try:
        assert not supervisor.is_closed(read)
        os.write(write, b"x")
        assert not supervisor.is_closed(read)
        os.close(write)
        assert supervisor.is_closed(read)
    finally:
        os.close(read)
