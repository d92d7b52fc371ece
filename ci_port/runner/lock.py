"""The lock: fingerprints of the script that the port was verified against, and what has changed since.

One JSON object (docs/runner.md): for each file of the script its SHA-256, a short hash of every line, and its
branches with their lines. So the runner can name the branches that have changed, with the standard library alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ci_port.model import Document, Fields
from ci_port.model.packaged import data
from ci_port.model.plan import dumps
from ci_port.runner.project import Project

VERSION = 1
SHOWN = 8
"""How many changed branches are named."""


class LockedBranch(NamedTuple):
    """A branch or function of the script, by its id, and its first and last line."""

    id: str
    line: int
    end_line: int


class LockedFile(NamedTuple):
    """A file as it was when parity was shown."""

    sha256: str
    lines: tuple[str, ...]
    branches: tuple[LockedBranch, ...]


class Lock(NamedTuple):
    """The files of the script, by name; all lie in the script's directory.

    `script` and `port` are the fingerprints that reports of parity carry too, of what was compared.
    """

    script: str
    port: str
    files: Mapping[str, LockedFile]

    def dumps(self) -> str:
        """Return the text of the lock file."""
        files = {name: _to_json(file) for name, file in self.files.items()}
        return dumps({"version": VERSION, "script": self.script, "port": self.port, "files": files}) + "\n"


def lock_of(content: bytes, branches: Sequence[LockedBranch]) -> LockedFile:
    """Return the lock of one file."""
    return LockedFile(_sha256(content), tuple(map(_line_hash, _lines(content))), tuple(branches))


def make_lock(script: str, port: str, files: Mapping[str, tuple[bytes, Iterable[tuple[str, int, int]]]]) -> Lock:
    """Return the lock of what was verified: fingerprints, and of each file what is in it and its branches."""
    locked = {
        name: lock_of(content, [LockedBranch(*span) for span in spans]) for name, (content, spans) in files.items()
    }
    return Lock(script, port, locked)


def read_lock(text: str, source: str) -> Lock:
    """Return the lock of a text; raises DataError with file, line and field."""
    fields = Document(text, source).parse()
    version = fields.integer("version")
    if version != VERSION:
        raise fields.error("version", f"version {VERSION} is expected, found {version}")
    files = fields.object("files")
    lock = Lock(fields.text("script"), fields.text("port"), {name: _file(files.object(name)) for name in files.names()})
    fields.finish()
    return lock


def packaged_lock(project: Project) -> Lock:
    """Return the lock that the package brings; raises OSError or DataError."""
    return read_lock(data(project.lock), project.lock.rpartition("/")[2])


def drift(lock: Lock, directory: str) -> list[str]:
    """Return what has changed in the script's directory, one phrase a branch or file; nothing if nothing has."""
    return [change for name, file in lock.files.items() for change in _file_drift(name, file, directory)]


def _file_drift(name: str, locked: LockedFile, directory: str) -> Iterator[str]:
    try:
        with open(os.path.join(directory, name), "rb") as file:
            content = file.read()
    except OSError as error:
        yield f"{name} cannot be read ({error.strerror})"
        return
    if _sha256(content) == locked.sha256:
        return
    changed = [*_changed_lines(locked.lines, [_line_hash(line) for line in _lines(content)])]
    found = list(dict.fromkeys(branch.id for lines in changed for branch in _innermost(locked.branches, lines)))
    yield from found or [name]


def _changed_lines(old: Sequence[str], new: Sequence[str]) -> Iterator[range]:
    """Yield the old line numbers that were changed or removed; what was put in between counts for the line before."""
    from difflib import SequenceMatcher  # only needed when there is something to explain

    for tag, begin, end, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield range(begin + 1, end + 1) if end > begin else range(begin, begin + 1)


def _innermost(branches: Sequence[LockedBranch], lines: range) -> Iterator[LockedBranch]:
    """Yield, for each changed line, the smallest branch around it."""
    for line in lines:
        around = [branch for branch in branches if branch.line <= line <= branch.end_line]
        if around:
            yield min(around, key=lambda branch: branch.end_line - branch.line)


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\n")


def _line_hash(line: bytes) -> str:
    import zlib

    return f"{zlib.crc32(line):08x}"


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _to_json(file: LockedFile) -> dict[str, object]:
    branches = [[branch.id, branch.line, branch.end_line] for branch in file.branches]
    return {"sha256": file.sha256, "lines": " ".join(file.lines), "branches": branches}


def _file(fields: Fields) -> LockedFile:
    file = LockedFile(
        sha256=fields.text("sha256"),
        lines=tuple(fields.text("lines").split()),
        branches=tuple(_branches(fields)),
    )
    fields.finish()
    return file


def _branches(fields: Fields) -> Iterator[LockedBranch]:
    for branch in fields.raw("branches") or ():
        if not isinstance(branch, list) or [type(part) for part in branch] != [str, int, int]:
            raise fields.error("branches", f"[id, first line, last line] is expected, found {branch!r}")
        yield LockedBranch(*branch)
