"""Script text to branches: reads any bash script, and lists what is in it."""

from ci_port.shell.inventory import Inventory, read_script, read_source
from ci_port.shell.source import ScriptError, Source

__all__ = ["Inventory", "ScriptError", "Source", "read_script", "read_source"]
