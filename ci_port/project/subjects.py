"""What a result depends on, with fingerprints: the script and its neighbours, the port, the world, this tool."""

from __future__ import annotations

from pathlib import Path

import ci_port
from ci_port.model import fingerprint
from ci_port.model.errors import UsageError
from ci_port.model.links import real
from ci_port.parity.places import shown
from ci_port.parity.report import Subject, Subjects
from ci_port.project.file import Project
from ci_port.project.ports import port_files

TOOL = Path(ci_port.__file__).resolve().parent


def subjects_of(project: Project) -> Subjects:
    """Return the fingerprints of everything that a comparison of this project depends on, as it is now.

    Raises UsageError for a script, a port or a world that is not there.
    """
    port = port_files(project.port)
    return Subjects(
        script=Subject(shown(project.script), _script(project.script)),
        port=Subject(project.port, _of(port)),
        world=Subject(shown(project.world), _of([project.world])),
        tool=Subject(f"ci-port {ci_port.__version__}", _of(_tool_files(port))),
    )


def _script(script: Path) -> str:
    if not script.is_file():
        raise UsageError(f"there is no script {script}; name one with --script PATH")
    return fingerprint.of_directory(real(script).parent)


def _tool_files(port: list[Path]) -> list[Path]:
    """Return the sources that decide a result and are no part of the port; what only shows it is left out."""
    sources = (path for kind in ("*.py", "*.[ch]", "rules/*.json") for path in TOOL.rglob(kind))
    own = set(port)
    return [path for path in sources if path not in own and _decides(path.relative_to(TOOL))]


# `data` are the libraries of rules that a world may include.
_DECIDING = frozenset({"bash", "data", "dryrun", "host", "model", "parity"})


def _decides(path: Path) -> bool:
    return path.parts[0] in _DECIDING and path.parts[:2] != ("parity", "render")


def _of(files: list[Path]) -> str:
    """Return the fingerprint of files by what they are called and hold, wherever the checkout stands."""
    base = next(parent for parent in files[0].parents if all(path.is_relative_to(parent) for path in files))
    try:
        return fingerprint.of_files(base, files)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None
