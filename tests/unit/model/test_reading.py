"""Whole files as text."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import pytest

from ci_port.model import DataError, reading
from ci_port.model.reading import read_text


def test_read_text_unpacks_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress("é".encode()))
    assert read_text(packed) == "é"
    packed.write_bytes(gzip.compress(b"x" * 1000)[:-10])
    with pytest.raises(DataError, match=r"a.gz:1: cannot be read: "):
        read_text(packed)
    packed.write_bytes(b"not packed")
    with pytest.raises(DataError, match=r"a.gz:1: cannot be read: Not a gzipped file"):
        read_text(packed)
    binary = tmp_path / "b"
    binary.write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"b:1: cannot be read: 'utf-8' codec"):
        read_text(binary)
    with pytest.raises(DataError, match=r":1: cannot be read: Is a directory"):
        read_text(tmp_path)


def test_a_pipe_into_which_nobody_writes_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"pipe:1: cannot be read: nobody writes into this pipe"):
        read_text(tmp_path / "pipe")


@pytest.mark.parametrize("program", ["cat >pipe", "sleep 0.2; cat >pipe", "(sleep 0.2; cat) >pipe"])
def test_a_pipe_is_read_to_its_end_whenever_its_writer_comes(tmp_path: Path, program: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", program], cwd=tmp_path, stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(b"line\n" * 3000)
        writer.stdin.close()
        assert read_text(tmp_path / "pipe") == "line\n" * 3000
