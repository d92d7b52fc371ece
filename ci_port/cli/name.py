"""What the command line is called by whoever called it."""

from __future__ import annotations

import os


def command_name() -> str:
    """Return the name that help and hints show: that of the executable that started this, if it says so."""
    return os.environ.get("CI_PORT_COMMAND", "ci-port")
