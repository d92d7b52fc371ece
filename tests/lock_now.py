"""The lock of the packaged script and port as they are now, whatever the packaged lock says."""

from __future__ import annotations

from ci_port.project.file import load_project
from ci_port.project.verified import verified
from ci_port.runner.lock import make_lock


def lock_now() -> str:
    """Return the text of the lock."""
    return make_lock(*verified(load_project(None))).dumps()
