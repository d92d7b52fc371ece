"""The root that scripts see: bash, the tools and their libraries, read-only, and nothing else of the machine."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE = 32, 4096, 16384
_LIBRARIES = ("lib", "lib32", "lib64", "usr/lib", "usr/lib64")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
OPEN = ("", "/etc", "/opt", "/srv", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var", "/var/tmp")
"""Folders where a script may make what it likes, as root may elsewhere; what is there of ours it may not touch."""
_GREPS = {"egrep": "-E", "fgrep": "-F"}
"""They are scripts on some machines."""
HOST = "localhost"
_ROOM = "size=64m,nr_inodes=20000,mode=755"


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount; raises OSError."""
    if _libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


@dataclass(frozen=True)
class Setup:
    """What does not change from run to run; paths are the machine's own."""

    root: str
    contained: bool
    user: int
    stand_in: str
    bash: str
    tools: dict[str, str]
    folder: str
    home: str
    commands: str

    def at(self, path: str) -> str:
        """Return where a path of the script's root stands for this process."""
        return path if self.contained else self.root + path


def account_files(user: int, home: str) -> Iterator[tuple[str, str]]:
    """Yield the files in /etc that say who is there, with their texts."""
    yield "passwd", f"root:x:0:0:root:/root:/bin/bash\nuser:x:{user}:{user}:user:{home}:/bin/bash\n"
    yield "group", f"root:x:0:\nuser:x:{user}:\n"


def furnish_root(setup: Setup) -> dict[str, str]:
    """Make the root that scripts see, enter it as an ordinary user, and return where the tools are now."""
    root = setup.root
    mount("none", root, "tmpfs", _NO_SUID | _NO_DEVICES, _ROOM)
    for name in ("bin", "dev", "opt/.real", "proc", *(folder[1:] for folder in OPEN if folder)):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for name in _LIBRARIES:
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
        elif os.path.isdir(f"/{name}"):
            os.makedirs(f"{root}/{name}")
            mount(f"/{name}", f"{root}/{name}", "", _BIND | _RECURSIVE)
            mount("", f"{root}/{name}", "", _REMOUNT | _BIND | _READ_ONLY | _NO_SUID | _NO_DEVICES)
    for name in _DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY))
        mount(f"/dev/{name}", f"{root}/dev/{name}", "", _BIND)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"{root}/dev/{name}")
    mount("proc", f"{root}/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_PROGRAMS)
    _begin_with_long_process_ids(f"{root}/proc/sys/kernel")
    tools = _furnish_tools(setup)
    for name, text in account_files(setup.user, setup.home):
        with open(f"{root}/etc/{name}", "w") as file:
            file.write(text)
    for folder in OPEN:
        os.chmod(f"{root}{folder}", 0o1777)
    socket.sethostname(HOST)
    os.chroot(root)
    os.chdir("/")
    return tools


def _furnish_tools(setup: Setup) -> dict[str, str]:
    """Put bash, the stand-in and the tools into the root, and return where the tools will be."""
    root = setup.root
    for source, target in ((setup.bash, "bin/bash"), (setup.stand_in, "opt/.stand-in"), *_real(setup.tools)):
        shutil.copy(source, f"{root}/{target}")
    scripts = {name: option for name, option in _GREPS.items() if name not in setup.tools}
    for name, option in scripts.items():
        with open(os.open(f"{root}/opt/.real/{name}", os.O_CREAT | os.O_WRONLY, 0o755), "w") as file:
            file.write(f'#!/bin/bash\nexec /opt/.real/grep {option} "$@"\n')
    os.symlink("bash", f"{root}/bin/sh")
    os.symlink("/bin/bash", f"{root}/usr/bin/bash")
    tools = {name: f"/opt/.real/{name}" for name in (*setup.tools, *scripts)}
    for name, path in tools.items():
        os.symlink(path, f"{root}/bin/{name}")
        os.symlink(path, f"{root}/usr/bin/{name}")
    return tools


def _begin_with_long_process_ids(kernel: str) -> None:
    """Let ids be numbers that no script has for another reason, as far as the kernel has such."""
    with open(f"{kernel}/pid_max") as file:
        most = int(file.read())
    with open(f"{kernel}/ns_last_pid", "w") as file:
        file.write(str(most // 2))


def _real(tools: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((path, f"opt/.real/{name}") for name, path in tools.items())


def empty(folder: str) -> None:
    """Remove what a folder holds, whatever rights it was given."""
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                empty(entry.path)
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)
    os.chmod(folder, 0o1777 if folder.endswith("/tmp") else 0o755)


def clear(folder: str, kept: Collection[str]) -> None:
    """Remove what stands in a folder beside what is kept."""
    for name in set(os.listdir(folder or "/")) - set(kept):
        path = f"{folder}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            empty(path)
            os.rmdir(path)
        else:
            os.unlink(path)


def link_all(folder: str, wanted: Mapping[str, str]) -> None:
    """Let a folder hold these links and nothing else."""
    with os.scandir(folder) as entries:
        there = {entry.name: os.readlink(entry.path) if entry.is_symlink() else None for entry in entries}
    for name in there.keys() - wanted.keys():
        path = f"{folder}/{name}"
        (shutil.rmtree if there[name] is None and os.path.isdir(path) else os.unlink)(path)
    for name, target in wanted.items():
        if there.get(name) == target:
            continue
        if name in there:
            os.unlink(f"{folder}/{name}")
        os.symlink(target, f"{folder}/{name}")
