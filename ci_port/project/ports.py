"""Where the sources of a port stand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from ci_port.model.errors import UsageError


def port_files(port: str) -> list[Path]:
    """Return the source files of a port `module:function`: its package, or its one file; UsageError without any."""
    module = port.partition(":")[0]
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:
        raise UsageError(f"the port {port} cannot be found: {error}; is its folder on PYTHONPATH?") from None
    if spec is None or spec.origin is None:
        raise UsageError(f"the port {port} cannot be found; is its folder on PYTHONPATH?")
    file = Path(spec.origin).resolve()
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def package_of(port: str) -> Path:
    """Return the folder (or the file) of the port's module; it is found, never imported."""
    name = port.partition(":")[0]
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    # To find a module inside a package, importlib would run the package.
    top, *inner = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin)
        found = found.parent.joinpath(*inner) if found.name == "__init__.py" else found
        for path in (found, found.with_suffix(".py")):
            if path.exists():
                return path
    raise UsageError(f"there is no module {name}; is its folder on PYTHONPATH?")
