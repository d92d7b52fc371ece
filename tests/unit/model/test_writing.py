"""A file is written whole or not at all; what is no regular file stays what it is."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ci_port.model.writing import write_whole


def test_a_new_file_has_the_mode_that_the_mask_leaves(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", b"x")
        write_whole(tmp_path / "b", b"x", executable=True)
    finally:
        os.umask(old)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"] == [0o640, 0o750]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o604)
    write_whole(target, b"new")
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"new", 0o604)
    write_whole(target, b"newer", executable=True)
    assert (target.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"newer", 0o705)


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
def test_a_link_stays_and_what_it_leads_to_is_written(there: bool, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/a")
    if there:
        (tmp_path / "far/a").write_text("old")
    write_whole(tmp_path / "link", b"new")
    assert os.readlink(tmp_path / "link") == "far/a"
    assert (tmp_path / "far/a").read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["far", "link"]
    assert os.listdir(tmp_path / "far") == ["a"]


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        read: list[bytes] = []
        # Both ends, so that opening one end does not wait for the other.
        fd = os.open(tmp_path / "pipe", os.O_RDWR)
        reader = threading.Thread(target=lambda fd=fd, read=read: read.append(_all_of(fd, 200_000)))
        reader.start()
        write_whole(tmp_path / name, b"x" * 200_000, executable=True)
        reader.join()
        os.close(fd)
        assert len(read[0]) == 200_000
        kind = (tmp_path / "pipe").stat().st_mode
        assert (stat.S_ISFIFO(kind), stat.S_IMODE(kind)) == (True, 0o600)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]


def _all_of(fd: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += os.read(fd, size)
    return found


def test_what_cannot_be_written_to_stays_and_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name in ("pipe", "folder", "socket", "nowhere/a"):
            with pytest.raises(OSError, match=r"."):
                write_whole(tmp_path / name, b"x")
        assert sorted(os.listdir(tmp_path)) == ["folder", "pipe", "socket"]
        assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)


def test_standard_output_by_name_is_written_to(tmp_path: Path) -> None:
    program = "from ci_port.model.writing import write_whole; write_whole('/dev/stdout', b'text\\n')"
    with (tmp_path / "a").open("w") as file:
        subprocess.run([sys.executable, "-c", f"print('before', flush=True); {program}"], stdout=file, check=True)
    assert (tmp_path / "a").read_text() == "before\ntext\n"
    assert os.listdir(tmp_path) == ["a"]


def test_where_there_is_no_room_the_old_one_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(tmp_path / "a", b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]
