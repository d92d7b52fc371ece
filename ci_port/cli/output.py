"""Files that a command writes: whole or not at all, and looked at before the work."""

from __future__ import annotations

import os
from pathlib import Path

from ci_port.model.errors import UsageError


def check_writable(target: Path, flag: str) -> None:
    """Raise UsageError now rather than after the work."""
    if target.is_dir():
        raise UsageError(f"{flag} {target}: this is a directory; name a file")
    if not target.parent.is_dir():
        raise UsageError(f"{flag} {target}: there is no directory {target.parent}; make it first")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise UsageError(f"{flag} {target}: cannot be written; check the permissions")


def write_whole(target: Path, text: str, flag: str) -> None:
    """Write the file whole or not at all; what is no regular file (a pipe) is written to directly.

    Raises UsageError where that cannot be done.
    """
    whole = target.is_file() or not target.exists()
    scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp") if whole else target
    try:
        with scratch.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            if whole:
                os.fsync(file.fileno())
        if whole:
            scratch.replace(target)
    except OSError as error:
        if whole:
            scratch.unlink(missing_ok=True)
        raise UsageError(f"{flag} {target}: cannot be written: {error.strerror or error}") from None
