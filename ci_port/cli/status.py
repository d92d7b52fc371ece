"""Exit statuses, an interface like any other (docs/exit-statuses.md), and the errors that lead to them."""

from __future__ import annotations

SAME = 0
DIFFERENT = 1
USAGE = 2
CANNOT_RUN_HERE = 3
SIDE_FAILED = 4
CLOSED = 5
INTERRUPTED = 130
BROKEN_PIPE = 141


class UsageError(Exception):
    """The command line, or a file that it names, is not what it should be. The message says what to do next."""


class CannotRun(Exception):
    """This machine lacks something that the command needs. The message names the cause and the remedy."""
