"""What a worker gives up before it runs anything: everything that it starts is held by the kernel as well."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterable
from pathlib import Path

from ci_port.dryrun import landlock, mounts, seccomp
from ci_port.dryrun.limits import Limits

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
_STACK = 8 << 20
_SYSTEM = ("/usr/", "/bin/", "/lib/", "/lib64/")
_NEEDED = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/usr/share/locale", "/usr/share/zoneinfo", "/proc", "/dev/null", "/dev/zero", "/dev/full", "/dev/tty"),
)
"""What the loader and the C library read (ld.so(8), locale(7), tzset(3)), and what describes processes."""
_OWN = (os.path.dirname(os.__file__), str(Path(__file__).parents[1]))
"""What this process may still import."""


def confine(
    scratch: str, executable: Iterable[str], readable: Iterable[str], limits: Limits, *, reads_all: bool = False
) -> None:
    """Confine this process and all that it starts, each line as far as this kernel has it.

    It may write below `scratch`, execute the files `executable` alone, and read these, what is below `readable`, and
    what every program needs to start. With `reads_all`, root may still read what its modes do not allow.
    """
    programs = tuple(executable)
    landlock.adopt_orphans()
    mounts.seal(scratch)
    landlock.give_up_capabilities(reads=reads_all)
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output, limits.output))
    # How deep functions may call themselves must not depend on the machine.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    soft = _STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    needed = (*_NEEDED, *_OWN, *(_home_of(program) for program in programs))
    landlock.restrict(
        writable=(scratch,), executable=programs, devices=_DEVICES, readable=(scratch, *programs, *readable, *needed)
    )
    seccomp.restrict()


def takes_rights(files: Iterable[str]) -> bool:
    """Return whether one of these files can only be read by who may read everything."""
    paths = set(files)
    folders: set[str] = set()
    for folder in map(os.path.dirname, paths):
        above = folder
        while above not in folders:
            folders.add(above)
            above = os.path.dirname(above)
    return any(map(_is_closed, (*folders, *paths)))


def _is_closed(path: str) -> bool:
    try:
        seen = os.lstat(path)
    except OSError:
        return False
    wanted = 0o005 if stat.S_ISDIR(seen.st_mode) else 0o004
    return seen.st_uid != os.geteuid() and bool(wanted & ~seen.st_mode) and not stat.S_ISLNK(seen.st_mode)


def _home_of(program: str) -> str:
    """Return where the libraries of a program may be that is in no directory of the system's."""
    if program.startswith(_SYSTEM):
        return program
    return "/".join(program.split("/")[:3])
