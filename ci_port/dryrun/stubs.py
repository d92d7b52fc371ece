"""Stubs: empty files of the tree, each in place of one that is read where it really is (native/stubs.c).

The library knows them by the inodes of a table, which lies in a file beside the tree.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Callable, Mapping

from ci_port.dryrun import layout
from ci_port.dryrun.layout import StubEntry, StubHead
from ci_port.dryrun.own_files import OwnFile, OwnFiles

_HEAD = layout.packer(StubHead)
_ENTRY = layout.packer(StubEntry)
_INODE = struct.Struct("<Q")


class Stubs:
    """Keeps the table of the stubs that stand in the tree."""

    def __init__(self, path: str, own: OwnFiles, is_filled: Callable[[int], bool]) -> None:
        """Take the table's file, and what tells whether the run that has ended has filled the stub with an inode."""
        self._path = path
        self._is_filled = is_filled
        self._files: Mapping[str, OwnFile] = {
            path: entry for path, entry in own.entries.items() if isinstance(entry, OwnFile) and entry.size
        }
        self._inodes: dict[str, int] = {}
        self._real: dict[int, str] = {}
        self._is_written = True
        self._texts, self._rest, self._order = _constant_parts(own, self._files)

    @property
    def file(self) -> str:
        """The file of the table, empty if there are no stubs."""
        return self._path if self._files else ""

    def stands_for(self, path: str) -> bool:
        """Return whether a path of the world is that of a file which is not copied."""
        return path in self._files

    def made(self, path: str, inode: int) -> None:
        """A stub has been made at a path of the world."""
        self._is_written = False
        self._inodes[path] = inode
        self._real[inode] = self._files[path].real

    def removed(self, path: str) -> None:
        """What stands at a path of the world is no stub any more."""
        if (inode := self._inodes.pop(path, None)) is not None:
            self._real.pop(inode, None)
            self._is_written = False

    def clear(self) -> None:
        """No stub stands any more."""
        self._is_written = False
        self._inodes.clear()
        self._real.clear()

    def real(self, inode: int) -> str | None:
        """Return the file that is read in place of the one with this inode, None if that one is no stub."""
        real = self._real.get(inode)
        return None if real is None or self._is_filled(inode) else real

    def write(self, device: int) -> None:
        """Write the table if it has changed; `device` is that of the tree."""
        if self._is_written or not self._files:
            return
        standing = sorted((inode, path) for path, inode in self._inodes.items())
        numbers = {path: number for number, (_, path) in enumerate(standing)}
        order = [numbers[path] for path in self._order if path in numbers]
        first = _HEAD.size + len(self._texts)
        head = StubHead(
            device=device,
            first=first,
            stubs=len(standing),
            order=first + _ENTRY.size * len(standing),
            ordered=len(order),
            real=_HEAD.size,
            shown=_HEAD.size + self._texts.index(b"\0") + 1,
        )
        with open(self._path, "wb") as file:
            file.write(_HEAD.pack(*head) + self._texts)
            file.writelines(_INODE.pack(inode) + self._rest[path] for inode, path in standing)
            file.write(struct.pack(f"<{len(order)}Q", *order))
        self._is_written = True


def _constant_parts(own: OwnFiles, files: Mapping[str, OwnFile]) -> tuple[bytes, dict[str, bytes], list[str]]:
    """Return what never changes: the texts, each entry without its inode, and the order of the real files."""
    texts = bytearray()

    def text(value: str) -> int:
        texts.extend(os.fsencode(value) + b"\0")
        return _HEAD.size + len(texts) - len(os.fsencode(value)) - 1

    text(own.real)
    text(own.shown)
    uses = Counter((file.device, file.inode) for file in files.values())
    rest = {}
    for path, file in files.items():
        name = path.removeprefix(own.shown.rstrip("/") + "/")
        entry = StubEntry(
            inode=0,
            device=file.device,
            number=file.inode,
            size=file.size,
            changed=file.changed,
            name=text(name),
            real=0 if file.real == f"{own.real.rstrip('/')}/{name}" else text(file.real),
            mode=file.mode,
            twin=uses[file.device, file.inode] > 1,
        )
        rest[path] = _ENTRY.pack(*entry)[_INODE.size :]
    texts.extend(bytes(-len(texts) % 8))
    order = sorted(
        (path for path, file in files.items() if uses[file.device, file.inode] == 1),
        key=lambda path: (files[path].device, files[path].inode),
    )
    return bytes(texts), rest, order
