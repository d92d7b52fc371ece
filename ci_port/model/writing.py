"""The one way in which a file is written whole: all of it, or nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ci_port.model.links import real

_OF_A_PROCESS = ("/dev/fd/", "/dev/std", "/proc/")


def write_whole(target: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file, whole or not at all, whatever happens in the midst.

    A regular file is replaced by one that was written beside it; its mode stays, a link to it stays, and a new one may
    be executed if `executable` says so. What is no regular file (a device, a pipe) is written to and stays what it is.

    Raises OSError, also for a directory, and for a pipe that nobody reads.
    """
    try:
        kind = os.stat(target).st_mode
    except FileNotFoundError:
        kind = None
    if kind is not None and (not stat.S_ISREG(kind) or os.path.abspath(target).startswith(_OF_A_PROCESS)):
        _write_to(target, content)
        return
    place = real(target)
    scratch = place.with_name(f".{place.name[:200]}.{os.getpid()}.tmp")
    fd = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o777 if executable else 0o666)
    try:
        with open(fd, "wb") as file:
            if kind is not None:
                os.fchmod(fd, stat.S_IMODE(kind) | ((kind & 0o444) >> 2 if executable else 0))
            file.write(content)
            file.flush()
            os.fsync(fd)
        os.rename(scratch, place)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _write_to(target: Path, content: bytes) -> None:
    # Whoever is to read a pipe is there already; a terminal does not become ours.
    fd = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    os.set_blocking(fd, True)
    with open(fd, "wb", buffering=0) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) or 0 :]
