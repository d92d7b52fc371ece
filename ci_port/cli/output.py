"""Files that a command writes: whole or not at all, and looked at before the work."""

from __future__ import annotations

import os
from pathlib import Path

from ci_port.model.errors import UsageError
from ci_port.model.links import real
from ci_port.model.writing import write_whole


def check_writable(target: Path, flag: str) -> None:
    """Raise UsageError now rather than after the work."""
    if target.is_dir():
        raise UsageError(f"{flag} {target}: this is a directory; name a file")
    if not target.parent.is_dir():
        raise UsageError(f"{flag} {target}: there is no directory {target.parent}; make it first")
    if target.is_symlink() and not target.exists():
        target = real(target)
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise UsageError(f"{flag} {target}: cannot be written; check the permissions")


def make_folder(folder: Path, flag: str) -> None:
    """Make the folder of a file that is to be written; raises UsageError where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{flag}: the directory {folder} cannot be made: {error.strerror or error}") from None


def write(target: Path, content: str | bytes, flag: str, *, executable: bool = False) -> None:
    """Write what a command was asked to write, whole or not at all; raises UsageError where that cannot be done."""
    try:
        whole = content if isinstance(content, bytes) else content.encode(errors="backslashreplace")
        write_whole(target, whole, executable=executable)
    except OSError as error:
        raise UsageError(f"{flag} {target}: cannot be written: {error.strerror or error}") from None
