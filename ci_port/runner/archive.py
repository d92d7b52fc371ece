"""How the bundle loads its code at once: one file of compiled modules instead of a search in the archive for each.

In the bundle this file stands at the top, as `ci_port_archive`. The compiled code is for one version of Python; any
other reads the sources from the archive as usual.
"""

from __future__ import annotations

import marshal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # without importing typing, which is most of what this file would cost
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any

CODE = "code.bin"
MAGIC: bytes = sys.modules["_frozen_importlib_external"].MAGIC_NUMBER
"""What the interpreter marks its compiled code with; from where it is loaded already, as starting fast is the point."""

_ModuleSpec: Any = type(sys.__spec__)


class Archive:
    """Finds and loads the modules that were compiled for this Python (PEP 451)."""

    def __init__(self, code: dict[str, tuple[bool, bytes]], path: str, archive: Any) -> None:
        self._code = code
        self._path = path
        self._archive = archive

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Return where a module comes from, None if it is not in the archive."""
        del path, target
        found = self._code.get(name)
        if found is None:
            return None
        file = f"{self._path}/{name.replace('.', '/')}{'/__init__' * found[0]}.py"
        spec = _ModuleSpec(name, self, origin=file, is_package=found[0])
        spec.has_location = True
        if found[0]:
            spec.submodule_search_locations.append(file.rpartition("/")[0])
        return spec

    def create_module(self, spec: Any) -> None:
        """Leave making the module to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a module's code."""
        exec(marshal.loads(self._code[module.__name__][1]), module.__dict__)

    def get_data(self, path: str) -> bytes:
        """Return the content of a file in the archive."""
        content: bytes = self._archive.get_data(path)
        return content

    def get_source(self, name: str) -> str | None:
        """Return the source of a module, for tracebacks."""
        source: str | None = self._archive.get_source(name)
        return source


def pack(code: dict[str, tuple[bool, CodeType]]) -> bytes:
    """Return the file of compiled modules; each is packed by itself, and unpacked only if it is imported.

    Version 2 of the marshal format knows no references, which depend on what else a process has done.
    """
    packed = {name: (is_package, marshal.dumps(body, 2)) for name, (is_package, body) in code.items()}
    return MAGIC + marshal.dumps(packed, 2)


def install(archive: Any) -> None:
    """Put the archive's compiled modules first, if there are any for this Python."""
    try:
        content = archive.get_data(f"{archive.archive}/{CODE}")
    except OSError:
        return
    if content.startswith(MAGIC):
        sys.meta_path.insert(0, Archive(marshal.loads(content[len(MAGIC) :]), archive.archive, archive))
