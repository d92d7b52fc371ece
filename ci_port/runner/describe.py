"""What the runner says of an error: nothing in it comes from the job's environment (docs/runner.md).

A message that somebody wrote for an error may hold an expanded command, and with it a secret. So of an error that is
not the runner's own its kind is said, and where it was raised; what it says itself is shown on request, on standard
error.
"""

from __future__ import annotations

import os

from ci_port.model import DataError

DEBUG = "CI_PORT_DEBUG"
"""The variable that has errors shown with all that they say."""


def describe(error: BaseException) -> str:
    """Return an error on one line: one of the runner's own speaks for itself, any other is named, with its place."""
    if hasattr(error, "cause") or isinstance(error, DataError):
        return " ".join(str(error).split())
    import traceback

    reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{reason}{at}"


def in_full(error: BaseException) -> str:
    """Return where an error comes from, line by line; with its message only on request."""
    import traceback

    if os.environ.get(DEBUG):
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"{lines}{type(error).__name__} ({DEBUG}=1 shows what it says)\n"
