"""Ways to end that every room may need to speak of; the command line gives each its exit status."""

from __future__ import annotations


class UsageError(Exception):
    """The command line, or a file that it names, is not what it should be. The message says what to do next."""


class CannotRun(Exception):
    """This machine lacks something that the command needs. The message names the cause and the remedy."""


class Terminated(SystemExit):
    """A signal asked this process to end; `code` is the exit status. It is no doing of whatever was running."""
