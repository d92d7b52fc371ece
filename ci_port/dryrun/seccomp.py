"""Which system calls a run may make (seccomp(2)): none that reaches past files and pipes, whoever makes it.

What is refused fails with EPERM, as if this process had no right to it, so that a script that tries it goes on as on a
machine where it may not. A call of another architecture's table is refused, too.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Iterator, Mapping

from ci_port.dryrun.kernel import forbid_new_rights, libc, prctl

_PR_SET_SECCOMP, _PR_GET_SECCOMP = 22, 21
_MODE_FILTER = 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_NAMESPACES = 0x7E020080
"""The flags of clone(2) that make namespaces."""
_KIND, _FIFO, _FILE = 0o170000, 0o010000, 0o100000

# fmt: off
_NONE = -1
_REFUSED: Mapping[str, tuple[int, int]] = {
    # Sockets of any kind, and what is like one.
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200),
    "listen": (50, 201), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    # Mounts, roots and namespaces.
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "unshare": (272, 97), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # Owners and attributes of files, and files by handles.
    "chown": (92, _NONE), "lchown": (94, _NONE), "fchown": (93, 55), "fchownat": (260, 54), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "fanotify_init": (300, 262), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89),
    # Programs that are no file, and code of the kernel's.
    "memfd_create": (319, 279), "execveat": (322, 281), "bpf": (321, 280), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "uselib": (134, _NONE),
    # Keys, the machine itself, and its clocks.
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "reboot": (169, 142),
    "syslog": (103, 116), "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "personality": (135, 92),
    "iopl": (172, _NONE), "ioperm": (173, _NONE), "lookup_dcookie": (212, 18), "vhangup": (153, 58),
    "nfsservctl": (180, 42),
}
# fmt: on
"""System calls by name: their numbers on x86_64 and on aarch64."""

_MAKES_NODES = {"x86_64": ((133, 1), (259, 2)), "aarch64": ((33, 2),)}
"""mknod(2) and mknodat(2), and which argument is the kind: a fifo and a file are no devices."""
_CLONE, _CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def is_there() -> bool:
    """Return whether this kernel and machine have what `restrict` needs."""
    return platform.machine() in _MACHINES and libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


def restrict() -> bool:
    """Restrict this process and all that it starts for good; return whether that could be done here.

    Raises OSError if the kernel has seccomp and refuses.
    """
    if not is_there():
        return False
    instructions = b"".join(_instructions(platform.machine()))
    program = _Program(len(instructions) // 8, instructions)
    forbid_new_rights()
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program))
    return True


def _instructions(machine: str) -> Iterator[bytes]:
    """Yield the filter: instructions of the kernel's packet filters, one after the other."""
    yield _load(_ARCHITECTURE)
    yield _jump(_EQUAL, _MACHINES[machine], skip_if_not=0, skip_if=1)
    yield _end(_ERRNO | _EPERM)
    yield _load(_NUMBER)
    if machine == "x86_64":
        yield from _if(_AT_LEAST, _X32, _ERRNO | _EPERM)
    column = list(_MACHINES).index(machine)
    for numbers in _REFUSED.values():
        if numbers[column] != _NONE:
            yield from _if(_EQUAL, numbers[column], _ERRNO | _EPERM)
    # Its flags lie in memory, where a filter cannot look: the C library then calls clone instead.
    yield from _if(_EQUAL, _CLONE3, _ERRNO | _ENOSYS)
    yield _jump(_EQUAL, _CLONE[machine], skip_if=0, skip_if_not=4)
    yield _load(_ARGUMENTS)
    yield from _if(_ANY_BIT, _NAMESPACES, _ERRNO | _EPERM)
    yield _end(_ALLOW)
    for number, argument in _MAKES_NODES[machine]:
        yield _jump(_EQUAL, number, skip_if=0, skip_if_not=7)
        yield _load(_ARGUMENTS + 8 * argument)
        yield struct.pack("<HBBI", _AND, 0, 0, _KIND)
        yield _jump(_EQUAL, _FIFO, skip_if=3, skip_if_not=0)
        yield _jump(_EQUAL, _FILE, skip_if=2, skip_if_not=0)
        yield _jump(_EQUAL, 0, skip_if=1, skip_if_not=0)
        yield _end(_ERRNO | _EPERM)
        yield _end(_ALLOW)
    yield _end(_ALLOW)


def _if(test: int, value: int, result: int) -> Iterator[bytes]:
    yield _jump(test, value, skip_if=0, skip_if_not=1)
    yield _end(result)


def _load(offset: int) -> bytes:
    return struct.pack("<HBBI", _LOAD, 0, 0, offset)


def _jump(test: int, value: int, *, skip_if: int, skip_if_not: int) -> bytes:
    return struct.pack("<HBBI", test, skip_if, skip_if_not, value)


def _end(result: int) -> bytes:
    return struct.pack("<HBBI", _RETURN, 0, 0, result)
