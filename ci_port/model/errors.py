"""Two ways to end that every room may need to speak of; the command line gives each its exit status."""

from __future__ import annotations


class UsageError(Exception):
    """The command line, or a file that it names, is not what it should be. The message says what to do next."""


class CannotRun(Exception):
    """This machine lacks something that the command needs. The message names the cause and the remedy."""
