"""A fresh checkout in a folder of its own, and machines that lack something."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What tools/ci-port itself calls, besides bash and python3.
PLAIN_TOOLS = ("cat", "dirname", "env", "flock", "mkdir", "printf", "readlink", "sha256sum", "stat")


def fresh_checkout(root: Path) -> Path:
    """Copy what git would bring into an empty folder, and nothing that was built."""
    root.mkdir()
    for name in ("ci_port", "legacy", "requirements", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "*.so", ".build-*")
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root / name)
    return root


def machine(folder: Path, names: Iterable[str]) -> str:
    """Return a PATH that has these commands of this machine and no others."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None, f"the tests need {name}"
        (folder / name).symlink_to(found)
    return str(folder)


def run(where: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a checkout where nothing reaches a network."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
    environment = {**os.environ, **offline, **variables}
    arguments = [str(where / command[0]), *command[1:]]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment, timeout=250)
