"""The package's own data files, from its folder or from inside the bundle."""

from __future__ import annotations

import os

DATA = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data")


def data(name: str) -> str:
    """Return the text of a data file; raises OSError."""
    # Asking the loader works wherever this module itself could be loaded from.
    text: str = globals()["__spec__"].loader.get_data(os.path.join(DATA, *name.split("/"))).decode()
    return text
