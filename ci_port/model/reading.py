"""Reading a whole file as text, packed or not."""

from __future__ import annotations

import errno
import os
import stat
import time
from typing import TYPE_CHECKING

from ci_port.model.fields import DataError

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 2.0
"""Seconds for which a pipe may have no writer before it is taken to have none."""

_PAUSE = 0.02


def content_of(path: Path) -> bytes:
    """Return what a file holds; raises OSError, also for a pipe into which nobody writes: it would never end."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb", buffering=0) as file:
        if not stat.S_ISFIFO(os.fstat(fd).st_mode):
            return file.readall()
        deadline = time.monotonic() + PATIENCE
        # Until somebody writes there is nothing, not even the lack of something.
        while (first := file.read(1)) == b"":
            if time.monotonic() > deadline:
                raise OSError(errno.EPIPE, "nobody writes into this pipe")
            time.sleep(_PAUSE)
        os.set_blocking(fd, True)
        return (first or b"") + file.readall()


def read_text(path: Path, errors: str = "strict") -> str:
    """Return the text of a file, unpacked if its name ends in `.gz`; raises DataError naming the file.

    With `surrogateescape`, what is not UTF-8 stays in the text: who reads each line by itself refuses that line alone.
    """
    import gzip  # not at the top: the runner starts faster without, and its world is not packed
    import zlib

    try:
        raw = content_of(path)
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode(errors=errors)
    except OSError as error:
        reason = error.strerror or str(error)
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = str(error)
    raise DataError(str(path), 1, "", f"cannot be read: {reason}")
