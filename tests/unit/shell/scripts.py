"""Small scripts for tests."""

from __future__ import annotations

import subprocess

from ci_port.model import Branch
from ci_port.shell import Inventory, Source, read_source


def read(text: str) -> Inventory:
    """Return the inventory of a text, which must hold nothing unknown."""
    inventory = read_source(Source("script.sh", text))
    assert inventory.unknown == []
    return inventory


def branch(text: str, kind: str | None = None) -> Branch:
    """Return the first branch of a text, or the first of a kind."""
    return next(found for found in read(text).branches if kind in (None, found.kind))


def bash_accepts(text: str) -> bool:
    """Return whether `bash -n` has nothing to say against the text. Of a bad `[[ ]]` it only complains."""
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0 and not [line for line in done.stderr.splitlines() if "warning" not in line]
