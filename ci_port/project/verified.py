"""What is written down of a script and its port once parity was shown; the runner's lock is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ci_port.model.errors import UsageError
from ci_port.project.file import Project
from ci_port.project.subjects import subjects_of

if TYPE_CHECKING:
    from ci_port.shell import Inventory

Span = tuple[str, int, int]
"""A branch or function of the script, by its id, and its first and last line."""


class Verified(NamedTuple):
    """Fingerprints of script and port, and of each file of the script, by name, what is in it and its spans by line."""

    script: str
    port: str
    files: dict[str, tuple[bytes, list[Span]]]


def verified(project: Project) -> Verified:
    """Return the project's script and port as they are now; raises UsageError."""
    from ci_port.shell import ScriptError, read_script

    subjects = subjects_of(project)
    try:
        inventory = read_script(project.script)
    except ScriptError as error:
        raise UsageError(str(error)) from None
    files = {
        Path(file.file).name: (Path(file.file).read_bytes(), sorted(_spans(file), key=lambda span: span[1]))
        for file in inventory.every()
    }
    return Verified(subjects.script.fingerprint, subjects.port.fingerprint, files)


def _spans(file: Inventory) -> Iterator[Span]:
    for function in file.functions:
        yield function.name, function.line, function.end_line
    for branch in file.branches:
        yield branch.id, branch.line, branch.end_line
