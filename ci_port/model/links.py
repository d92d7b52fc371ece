"""Where links lead on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def real(path: Path) -> Path:
    """Return where a path leads, as far as its links do; unlike Path.resolve, never raises for one that circles."""
    return Path(os.path.realpath(path))
