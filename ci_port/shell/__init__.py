"""Script text to branches: reads any bash script, and lists what is in it.

The inventory needs bashlex, so it is imported when it is asked for: what decides is known without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ci_port.shell.source import ScriptError, Source

if TYPE_CHECKING:
    from ci_port.shell.inventory import Inventory, read_script, read_source

__all__ = ["Inventory", "ScriptError", "Source", "read_script", "read_source"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ci_port.shell import inventory

    return getattr(inventory, name)
