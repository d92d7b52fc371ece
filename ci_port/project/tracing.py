"""Which function of the port carries out which part of the script: the declarations that stand beside the port."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ci_port.model.errors import CannotRun, UsageError
from ci_port.model.writing import write_whole
from ci_port.project.ports import package_of, port_files

if TYPE_CHECKING:
    from ci_port.shell.coverage import Reader
    from ci_port.shell.trace import Trace
    from ci_port.shell.twins import Twin

TRACE_FILE = "trace.json"


def read_inventory(script: Path, follow: bool) -> Reader:
    """Return the script's inventory; raises UsageError for one that is not valid bash."""
    if not script.is_file():
        raise UsageError(f"there is no script {script}; name one with --script PATH")
    try:
        from ci_port.shell import ScriptError, read_script
        from ci_port.shell.coverage import Reader
    except ImportError as error:
        raise CannotRun(f"The inventory needs {error.name}: pip install 'ci_port[parity]'") from None
    try:
        return Reader(read_script(script, follow))
    except ScriptError as error:
        raise UsageError(str(error)) from None


def declarations_beside(port: str) -> Path:
    """Return the file of a port's declarations; raises UsageError where the port cannot be found."""
    return port_files(port)[0].parent / TRACE_FILE


def traced(
    port: str, reader: Reader, file: Path | None, update: bool, accepted: Collection[str]
) -> tuple[Trace, Mapping[str, Twin]]:
    """Hold the declarations against the script and the port, and return the table and the port's functions.

    With `update`, new parts and fingerprints are written into the file first; the twins of the parts in `accepted` have
    been looked at.
    """
    from ci_port.shell import trace
    from ci_port.shell.twins import functions_of

    package = package_of(port)
    path = file or (package if package.is_dir() else package.parent) / TRACE_FILE
    parts = list(trace.parts_of(reader.inventory, reader.name_of))
    declarations = trace.load(path)
    if unknown := set(accepted) - {part.id for part in parts}:
        raise UsageError(f"no part of the script has the id {min(unknown)}")
    if update:
        declarations = trace.updated(parts, declarations, accepted)
        try:
            write_whole(path, trace.dump(parts, declarations).encode())
        except OSError as error:
            raise UsageError(f"the declarations {path} cannot be written: {error.strerror or error}") from None
    try:
        twins = functions_of(package)
    except (SyntaxError, ValueError, OSError) as error:
        raise UsageError(f"the port cannot be read: {error}") from None
    return trace.trace(parts, declarations, twins), twins
