"""The table of the files that are read where they are: what the library finds in it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ci_port.dryrun import layout
from ci_port.dryrun.layout import StubEntry, StubHead
from ci_port.dryrun.own_files import OwnDirectory, OwnFile, OwnFiles, OwnLink
from ci_port.dryrun.stubs import Stubs


def own(real: str, size: int, inode: int) -> OwnFile:
    """Return a file on the device 7."""
    return OwnFile(real, 0o755, size, -5, 7, inode)


FILES = OwnFiles(
    "/real",
    "/w",
    "/w/ci",
    {
        "/w": OwnDirectory(),
        "/w/empty": own("/real/empty", 0, 1),
        "/w/link": OwnLink("x"),
        "/w/a": own("/real/a", 10, 30),
        "/w/ci/b\udcff": own("/elsewhere/b\udcff", 20, 20),
        "/w/c": own("/real/c", 30, 40),
        "/w/d": own("/real/d", 30, 40),
    },
)


@pytest.fixture
def stubs(tmp_path: Path) -> Stubs:
    """The stubs of some files, two of which are one; that with the inode 99 has been filled."""
    return Stubs(str(tmp_path / "table"), FILES, lambda inode: inode == 99)


def read(path: Path) -> tuple[StubHead, dict[int, tuple[str, str, StubEntry]], list[int]]:
    """Return the table as the library reads it: the head, names and real paths by inodes, and the order of the rest."""
    data = path.read_bytes()

    def text(at: int) -> str:
        return data[at : data.index(b"\0", at)].decode(errors="surrogateescape")

    packer = layout.packer(StubEntry)
    head = StubHead._make(layout.packer(StubHead).unpack_from(data))
    entries = [StubEntry._make(packer.unpack_from(data, head.first + at * packer.size)) for at in range(head.stubs)]
    assert (text(head.real), text(head.shown)) == ("/real", "/w")
    assert head.first % 8 == head.order % 8 == 0
    order = struct.unpack_from(f"<{head.ordered}Q", data, head.order)
    found = {entry.inode: (text(entry.name), text(entry.real) if entry.real else "", entry) for entry in entries}
    assert list(found) == sorted(found)
    return head, found, [entries[number].inode for number in order]


def test_what_stands_in_the_table(stubs: Stubs, tmp_path: Path) -> None:
    assert [path for path in FILES.entries if stubs.stands_for(path)] == ["/w/a", "/w/ci/b\udcff", "/w/c", "/w/d"]
    for inode, path in ((103, "/w/a"), (101, "/w/ci/b\udcff"), (102, "/w/c"), (104, "/w/d")):
        stubs.made(path, inode)
    stubs.write(5)
    head, found, order = read(tmp_path / "table")
    assert head.device == 5
    assert {inode: names[:2] for inode, names in found.items()} == {
        101: ("ci/b\udcff", "/elsewhere/b\udcff"),
        102: ("c", ""),
        103: ("a", ""),
        104: ("d", ""),
    }
    assert found[103][2][1:5] == (7, 30, 10, -5)
    assert found[103][2].mode == 0o755
    # By the real file only those are found that no other one shares.
    assert order == [101, 103]
    assert [inode for inode, (_, _, entry) in found.items() if entry.twin] == [102, 104]


def test_what_was_made_anew_or_removed(stubs: Stubs, tmp_path: Path) -> None:
    stubs.made("/w/a", 101)
    stubs.made("/w/c", 99)
    assert (stubs.real(101), stubs.real(99), stubs.real(1)) == ("/real/a", None, None)
    stubs.removed("/w/a")
    stubs.removed("/w/never")
    stubs.made("/w/a", 102)
    assert (stubs.real(101), stubs.real(102)) == (None, "/real/a")
    stubs.write(5)
    assert list(read(tmp_path / "table")[1]) == [99, 102]
    stubs.clear()
    stubs.write(5)
    assert read(tmp_path / "table")[1:] == ({}, [])


def test_the_table_is_written_when_it_has_changed(stubs: Stubs, tmp_path: Path) -> None:
    stubs.made("/w/a", 101)
    stubs.write(5)
    (tmp_path / "table").unlink()
    stubs.write(5)
    assert not (tmp_path / "table").exists()
    stubs.removed("/w/a")
    stubs.write(5)
    assert (tmp_path / "table").exists()


def test_without_stubs_there_is_no_table(tmp_path: Path) -> None:
    entries = {"/w/empty": own("/real/empty", 0, 1)}
    stubs = Stubs(str(tmp_path / "table"), OwnFiles("/real", "/w", "/w", entries), lambda _: False)
    stubs.write(5)
    assert stubs.file == ""
    assert not (tmp_path / "table").exists()
    assert not stubs.stands_for("/w/a")
