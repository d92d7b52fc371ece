"""The kernel's own line (Landlock, see landlock(7)): whatever the script does, and even without our library.

A restricted process and all its children may write only below one directory, read and execute only what is named, open
no TCP connection, and signal nobody outside.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from ci_port.dryrun.kernel import checked, forbid_new_rights, libc, prctl

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAPBSET_DROP = 24
_CAPABILITIES = 64
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
# Removing and making anything: REMOVE_DIR (bit 4) to MAKE_SYM (bit 12).
_CHANGE_TREE = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_NET_TCP = 0b11
_SCOPE_ABSTRACT_SOCKET_AND_SIGNAL = 0b11


def give_up_capabilities(*, reads: bool = False) -> None:
    """Take away from root what it could do that its files' modes do not allow, for good.

    With `reads`, reading stays: a repository mounted into a container may belong to somebody else.
    """
    kept = 1 << _CAP_DAC_READ_SEARCH if reads else 0
    for capability in range(_CAPABILITIES):
        if not kept >> capability & 1:
            libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    have = (ctypes.c_uint32 * 6)()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    checked(libc.capget(header, have))
    checked(libc.capset(header, (ctypes.c_uint32 * 6)(have[0] & kept, have[1] & kept)))


def adopt_orphans() -> None:
    """Make this process the parent of every descendant that loses its own: none can hide from `waitpid`."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def version() -> int:
    """Return the Landlock version of this kernel, 0 if it has none."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)))


def restrict(
    writable: Iterable[str], executable: Iterable[str], devices: Iterable[str], readable: Iterable[str]
) -> int:
    """Restrict this process for good and return the Landlock version in force (0: the kernel has none).

    `writable` are directories below which everything may be changed, `executable` the files that may be executed,
    `devices` files that may be written, `readable` files and directories that may be read. Raises OSError if the kernel
    has Landlock and refuses.
    """
    forbid_new_rights()
    have = version()
    if have == 0:
        return 0
    change = _CHANGE_TREE | _WRITE_FILE | (_REFER if have >= 2 else 0) | (_TRUNCATE if have >= 3 else 0)
    attributes = struct.pack(
        "QQQ",
        change | _EXECUTE | _READ_FILE | _READ_DIRECTORY,
        _NET_TCP if have >= 4 else 0,
        _SCOPE_ABSTRACT_SOCKET_AND_SIGNAL if have >= 6 else 0,
    )
    size = 8 if have < 4 else 16 if have < 6 else 24
    ruleset = checked(libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    try:
        for paths, allowed in (
            (writable, change),
            (executable, _EXECUTE),
            (devices, _WRITE_FILE | (_TRUNCATE if have >= 3 else 0)),
            (readable, _READ_FILE | _READ_DIRECTORY),
        ):
            for path in paths:
                _allow(ruleset, path, allowed)
        checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return have


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            allowed &= _OF_FILES
        rule = struct.pack("<Qi", allowed, fd)
        checked(libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(fd)
