"""The kernel's calls that Python has no name for, through the C library."""

from __future__ import annotations

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> int:
    """Return what a call has returned; raises OSError where it has failed."""
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def prctl(option: int, value: int, argument: object = 0) -> int:
    """Call prctl(2); raises OSError."""
    return checked(libc.prctl(option, ctypes.c_ulong(value), argument, 0, 0))


def forbid_new_rights() -> None:
    """Let no program that this process starts get rights that it has not; Landlock and seccomp ask for it."""
    prctl(_NO_NEW_PRIVS, 1)


_NO_NEW_PRIVS = 38
