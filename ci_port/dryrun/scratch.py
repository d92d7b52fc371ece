"""The scratch directory of a recorder: what stands where in it."""

from __future__ import annotations

import os
import random
import tempfile
from dataclasses import dataclass

from ci_port.dryrun.build import CannotRunHere

_NOISE = 1 << 16


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
    path = tempfile.mkdtemp(prefix="ci-port-", dir=_base())
    if {" ", ":"} & set(path):
        os.rmdir(path)
        raise CannotRunHere(
            f"The recorder cannot use the temporary directory {tempfile.gettempdir()}, which has a blank or a "
            "colon in its name: set TMPDIR to another."
        )
    return Scratch(path)


def _base() -> str | None:
    """Prefer memory to disk: a run makes and removes many small files. None is the system's own choice."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None
