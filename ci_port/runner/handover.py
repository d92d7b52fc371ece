"""Handing the job to bash: this process becomes the script, with the environment that it was itself started with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from ci_port.runner.signals import as_inherited

BASH = ("/bin/bash", "/usr/bin/bash")


def find_bash() -> str:
    """Return a bash: the system's own, so that none of the job's stand-ins for it is taken; else PATH's."""
    for path in BASH:
        if os.access(path, os.X_OK):
            return path
    import shutil

    return shutil.which("bash") or BASH[0]


def initial_environment() -> dict[str, str]:
    """Return the environment that the kernel gave this process.

    Python may have added to it since (LC_CTYPE in the C locale, PEP 538), and the script must not see that.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            content = file.read()
    except OSError:
        return dict(os.environ)
    pairs = (os.fsdecode(item).partition("=") for item in content.split(b"\0") if b"=" in item)
    return {name: value for name, _, value in pairs if name}


def become_script(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Replace this process by bash with the script; exactly one of the two ever runs."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    as_inherited()
    os.execve(find_bash(), ["bash", *command], environment)
