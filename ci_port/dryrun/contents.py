"""What a run has written and fed: in pieces in the log, and what was written last in the files themselves."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable

from ci_port.dryrun.control import Control
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record


def contents(records: Iterable[Record], control: Control, root: str) -> dict[int, bytes]:
    """Return what belongs to each WRITE and EXECUTE, by its place; `root` is the directory that stands for `/`.

    The tree must still be as the run has left it.
    """
    found: dict[int, bytes] = defaultdict(bytes)
    writes: list[Record] = []
    for record in records:
        if record.kind in (Kind.TEXT, Kind.INPUT):
            found[record.value] += record.content
        elif record.kind is Kind.WRITE:
            writes.append(record)
    for record in writes:
        found[record.place] += _rest(record, control, root)
    return found


def _rest(record: Record, control: Control, root: str) -> bytes:
    """Return what a WRITE has written and nobody has read since (native/written.c)."""
    path = root + record.texts[0]
    try:
        _let_read(root, path)
        with open(path, "rb") as file:
            known = control.written(os.fstat(file.fileno()).st_ino)
            if known is None or known.record != record.place:
                return b""
            file.seek(known.start)
            return file.read()
    except OSError:
        return b""


def _let_read(root: str, path: str) -> None:
    """Take back what the script did so that its user could not read a file; the tree is put back after every run."""
    if os.access(path, os.R_OK):
        return
    above = [path]
    while len(os.path.dirname(above[0])) > len(root):
        above.insert(0, os.path.dirname(above[0]))
    for place in above:
        os.chmod(place, os.stat(place).st_mode | 0o700)
