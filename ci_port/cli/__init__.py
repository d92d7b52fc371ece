"""The command line: parse, wire the rooms together, print, exit."""

from ci_port.cli.main import entry, main

__all__ = ["entry", "main"]
