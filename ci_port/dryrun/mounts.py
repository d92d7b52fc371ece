"""A view of the file system in which nothing can be changed but one directory, and nothing in that be executed.

It is a mount namespace (mount_namespaces(7)) of this process and all that it starts. Root has one where it may mount;
an ordinary user, where the kernel gives him a user namespace. Modes, times and owners, which no other line holds, are
held by it, and code that a script has written cannot be loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

from ci_port.dryrun.kernel import checked, libc

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_BIND, _PRIVATE, _RECURSIVE = 4096, 1 << 18, 16384
_MOUNT_SETATTR = 442
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8


def seal(writable: str) -> bool:
    """Seal the file system for good but below `writable`; return whether that could be done here.

    Call it before capabilities are given up, and while this process has one thread. Raises OSError where it works in
    one process and not in the next.
    """
    if not _is_possible(writable):
        return False
    _seal(writable)
    return True


def _is_possible(writable: str) -> bool:
    """Return whether all of it works here, tried in another process.

    Half of it would be worse than nothing: where a machine gives a user namespace and no map of its users, this process
    could make no file any more.
    """
    child = os.fork()
    if not child:
        status = 1
        with contextlib.suppress(OSError):
            _seal(writable)
            status = 0
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _seal(writable: str) -> None:
    _enter()
    checked(libc.mount(None, b"/", None, _PRIVATE | _RECURSIVE, None))
    place = os.fsencode(writable)
    checked(libc.mount(place, place, None, _BIND, None))
    _set(b"/", _AT_RECURSIVE, given=_READ_ONLY)
    _set(place, 0, given=_NO_SUID | _NO_DEVICES | _NO_PROGRAMS, taken=_READ_ONLY)


def _enter() -> None:
    """Get mounts of this process's own; raises OSError."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_MOUNTS) == 0:
        return
    checked(libc.unshare(_NEW_USER | _NEW_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _set(path: bytes, flags: int, *, given: int, taken: int = 0) -> None:
    attributes = struct.pack("=QQQQ", given, taken, 0, 0)
    size = ctypes.c_size_t(len(attributes))
    checked(libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path, flags, attributes, size))
