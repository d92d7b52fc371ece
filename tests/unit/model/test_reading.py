"""Whole files as text."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ci_port.model import DataError
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
