"""A fresh checkout in a folder of its own, machines that lack something, and the tools of this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.own_copy import own_copy

ROOT = Path(__file__).resolve().parents[2]

# What tools/ci-port itself calls, besides bash and python3.
PLAIN_TOOLS = ("cat", "dirname", "env", "flock", "mkdir", "printf", "readlink", "sha256sum", "stat")


def fresh_checkout(root: Path) -> Path:
    """Copy what git would bring into an empty folder, and nothing that was built."""
    root.mkdir()
    for name in ("ci_port", "legacy", "requirements", "tools"):
        own_copy(ROOT / name, root / name)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        own_copy(ROOT / name, root / name)
    return root


def machine(folder: Path, names: Iterable[str]) -> str:
    """Return a PATH that has these commands of this machine and no others."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None, f"the tests need {name}"
        (folder / name).symlink_to(found)
    return str(folder)


def run_here(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this checkout in the environment of the tests, which is neither renewed nor made anew.

    Whatever Python the tests run on: without that, a tool would make `.venv` for the machine's own. Tests that are not
    run from a virtual environment have none to lend, and the tool has to find its own.
    """
    lent = {} if sys.prefix == sys.base_prefix else {"CI_PORT_VENV": sys.prefix}
    return run(ROOT, *command, **lent)


def run(where: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a checkout where nothing reaches a network."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    environment = {**os.environ, **offline, **variables}
    arguments = [str(where / command[0]), *command[1:]]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment, timeout=250)
