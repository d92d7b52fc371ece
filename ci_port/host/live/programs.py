"""Which file a command name stands for, and what bash says and returns when there is none (bash(1), EXIT STATUS)."""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where bash looks when PATH is unset (Debian's build)."""

NOT_FOUND = 127
NOT_EXECUTABLE = 126


class Refused(NamedTuple):
    """Why a command cannot run: its status, and what bash says."""

    status: int
    message: str


def find(name: str, cwd: str, path: str | None) -> str | Refused:
    """Return the file that runs for the command `name`; without a slash in it, it is looked for in `path`.

    The first executable file counts; without any, the first file that there is, which then cannot be executed.
    """
    if "/" in name:
        return _checked(name, cwd)
    second_best = None
    for directory in (DEFAULT_PATH if path is None else path).split(":") if name else ():
        file = f"{directory or '.'}/{name}"
        there = os.path.join(cwd, file)
        if os.path.isfile(there):
            if os.access(there, os.X_OK):
                return file
            second_best = second_best or file
    return _checked(second_best, cwd) if second_best else Refused(NOT_FOUND, f"{name}: command not found")


def _checked(file: str, cwd: str) -> str | Refused:
    there = os.path.join(cwd, file)
    if os.path.isdir(there):
        return Refused(NOT_EXECUTABLE, f"{file}: Is a directory")
    try:
        os.stat(there)
    except OSError as error:
        status = NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
        return Refused(status, f"{file}: {error.strerror}")
    return file if os.access(there, os.X_OK) else Refused(NOT_EXECUTABLE, f"{file}: Permission denied")


def not_executed(file: str, error: OSError) -> Refused:
    """Return what bash makes of a file that the kernel does not execute."""
    if error.errno == errno.ENOENT:
        return Refused(NOT_FOUND, f"{file}: cannot execute: required file not found")
    return Refused(NOT_EXECUTABLE, f"{file}: {error.strerror}")
