"""Build and find the recorder's C library.

`setup.py` builds it when the package is installed; a source tree without it is built on first use, beside the
folder of its source if that can be written, else in the user's cache directory, else among temporary files, in a
directory that nobody else may write. The name holds a fingerprint of the source, so an outdated library is never used.
`layout.h` is written anew for every build (`layout`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from ci_port.dryrun import layout

NATIVE = Path(__file__).with_name("native")
# Symbols are bound at once: bound lazily, every fork would look up its own.
FLAGS = ("-shared", "-fPIC", "-O2", "-Wl,-z,now", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation")


class CannotRunHere(Exception):
    """The recorder cannot work on this machine; the message says why and what to do. Exit status 3."""


def library_name() -> str:
    """Return the file name of the library that belongs to this source and this kind of machine."""
    whole = hashlib.sha256((" ".join(FLAGS) + "\0" + layout.header()).encode())
    for source in sorted(NATIVE.glob("*.[ch]")):
        whole.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return f"_recorder-{os.uname().machine}-{whole.hexdigest()[:16]}.so"


def build(directory: Path) -> Path:
    """Compile the library into `directory` and return its path; raises CannotRunHere without a working compiler."""
    compiler = _compiler()
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / library_name()
    with tempfile.TemporaryDirectory(dir=directory, prefix=".build-") as scratch:
        # Compiled aside and moved: another process may be building, or using, the same file.
        fresh = Path(scratch) / target.name
        done = subprocess.run(_command(compiler, fresh), capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise CannotRunHere(
                f"The recorder's library does not compile here ({last[0]}): "
                f"see the whole output with: {sys.executable} -m {__package__}"
            )
        fresh.replace(target)
    return target


def show() -> int:
    """Compile for nothing but the compiler's messages and return its exit status; raises CannotRunHere without one."""
    with tempfile.TemporaryDirectory() as scratch:
        return subprocess.run(_command(_compiler(), Path(scratch) / library_name()), check=False).returncode


def locate() -> Path:
    """Return the library, building it if this source has none yet; raises CannotRunHere."""
    if sys.platform != "linux":
        raise CannotRunHere(
            f"The recorder works on Linux only and this is {sys.platform}: run it in a Linux container or on CI; "
            "the runner and the port work here."
        )
    # A user whom nobody knows, without HOME, has no cache: `~` stays `~`.
    directories = [directory for directory in (NATIVE.parent, _cache()) if directory.is_absolute()]
    for directory in directories:
        # Not Path.is_file, which raises in the home of somebody else.
        if os.path.isfile(found := directory / library_name()):
            return found
    for directory in directories:
        with contextlib.suppress(OSError):
            return build(directory)
    return _among_temporary_files()


def _compiler() -> str:
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise CannotRunHere(
            "The recorder needs a C compiler and there is none on PATH: install gcc or clang "
            "(Debian, Ubuntu: apt-get install gcc libc6-dev) and try again."
        )
    return compiler


def _command(compiler: str, library: Path) -> list[str]:
    """Write layout.h beside the library to be, and return what compiles that."""
    (library.parent / "layout.h").write_text(layout.header(), encoding="ascii")
    sources = sorted(str(path) for path in NATIVE.glob("*.c"))
    return [compiler, *FLAGS, f"-I{library.parent}", "-o", str(library), *sources, "-ldl"]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "ci_port"


def _among_temporary_files() -> Path:
    """Return the library from the user's own temporary directory; a job may have a home that cannot be written."""
    try:
        directory = Path(tempfile.gettempdir()) / f"ci_port-{os.getuid()}"
        directory.mkdir(mode=0o700, exist_ok=True)
        entry = directory.lstat()
        if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != os.getuid() or entry.st_mode & 0o022:
            raise CannotRunHere(f"{directory} is not yours alone: remove it, or name a cache with XDG_CACHE_HOME.")
        found = directory / library_name()
        return found if found.is_file() else build(directory)
    except OSError as error:
        raise CannotRunHere(
            f"The recorder's library can be kept nowhere ({error}): "
            "set XDG_CACHE_HOME or TMPDIR to a directory that can be written."
        ) from error
