"""The scratch directory of a recorder: what stands where in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import tempfile
import time
from dataclasses import dataclass

from ci_port.dryrun.build import CannotRunHere

_NOISE = 1 << 16
_PREFIX = "ci-port-"
_FRESH = 600.0
"""Seconds in which a new directory may not be in use yet."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """The paths of a scratch directory."""

    path: str

    @property
    def root(self) -> str:
        """The directory that stands for the world's `/`."""
        return f"{self.path}/root"

    @property
    def control(self) -> str:
        """The file that worker and library share."""
        return f"{self.path}/control"

    @property
    def library(self) -> str:
        """The library under a name without blanks and colons, which the loader takes for separators in LD_PRELOAD."""
        return f"{self.path}/recorder.so"

    @property
    def blank(self) -> str:
        """An empty file, in place of a script that the world does not have."""
        return f"{self.path}/blank"

    @property
    def stdin(self) -> str:
        """What a run gets as its standard input: an empty file."""
        return f"{self.path}/stdin"

    @property
    def tmp(self) -> str:
        """The directory for bash's own files."""
        return f"{self.path}/tmp"

    @property
    def noise(self) -> str:
        """What stands for /dev/random: always the same."""
        return f"{self.path}/noise"

    @property
    def stubs(self) -> str:
        """The table of the files that are read where they really are."""
        return f"{self.path}/stubs"

    def output(self, fd: int) -> str:
        """What a run prints on standard output (1) or standard error (2)."""
        return f"{self.path}/output.{fd}"

    def feed(self, text: str) -> None:
        """Let the next run read `text` from its standard input."""
        with open(self.stdin, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)

    def furnish(self, library: str) -> None:
        """Make what all runs have in common; the tree and the control file are made by who keeps them."""
        for path in (self.blank, self.stdin):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))
        os.mkdir(self.tmp)
        with open(self.noise, "wb") as file:
            file.write(random.Random(0).randbytes(_NOISE))
        os.symlink(library, self.library)


def new_scratch() -> Scratch:
    """Make an empty scratch directory; raises CannotRunHere where its name could not be used."""
    path = tempfile.mkdtemp(prefix=_PREFIX, dir=_base())
    remove_abandoned(os.path.dirname(path))
    if {" ", ":"} & set(path):
        os.rmdir(path)
        raise CannotRunHere(
            f"The recorder cannot use the temporary directory {tempfile.gettempdir()}, which has a blank or a "
            "colon in its name: set TMPDIR to another."
        )
    return Scratch(path)


def hold(scratch: Scratch) -> int:
    """Say that a scratch directory is in use, for as long as the returned descriptor is open."""
    fd = os.open(scratch.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def remove_abandoned(base: str) -> None:
    """Remove the scratch directories of processes that were killed: ours, not in use, and not made just now."""
    before = time.time() - _FRESH
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                if found.st_uid == os.geteuid() and found.st_mtime < before and _is_free(entry.path):
                    shutil.rmtree(entry.path, ignore_errors=True)


def _is_free(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)


def _base() -> str | None:
    """Prefer memory to disk: a run makes and removes many small files. None is the system's own choice."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
