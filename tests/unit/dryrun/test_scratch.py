"""The scratch directory."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import pytest

from ci_port import dryrun
from ci_port.dryrun import scratch
from tests.unit.dryrun import scene as scenes


def test_a_temporary_directory_with_a_blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b").mkdir()
    monkeypatch.setattr(scratch, "_base", lambda: str(tmp_path / "a b"))
    with pytest.raises(dryrun.CannotRunHere, match="set TMPDIR"):
        scenes.open_recorder(tmp_path)
    assert not list((tmp_path / "a b").iterdir())


def test_the_scratch_tree_is_in_a_temporary_directory() -> None:
    assert scratch._base() in ("/dev/shm", None)
    assert os.path.isdir(scratch._base() or tempfile.gettempdir())


def test_a_furnished_directory_has_what_a_run_needs(scratch_base: Path, tmp_path: Path) -> None:
    library = tmp_path / "library of this machine.so"
    library.write_bytes(b"ELF")
    made = scratch.new_scratch()
    assert os.path.dirname(made.path) == str(scratch_base)
    made.furnish(str(library))
    assert sorted(os.listdir(made.path)) == ["blank", "noise", "recorder.so", "stdin", "tmp"]
    assert os.path.getsize(made.blank) == os.path.getsize(made.stdin) == 0
    assert Path(made.library).read_bytes() == b"ELF"
    other = scratch.new_scratch()
    other.furnish(str(library))
    assert Path(made.noise).read_bytes() == Path(other.noise).read_bytes() != b""


def test_what_a_killed_process_left_is_removed_by_the_next(scratch_base: Path) -> None:
    def made(name: str, *, age: float, held: bool = False) -> Path:
        path = scratch_base / name
        (path / "root").mkdir(parents=True)
        (path / "root/file").write_text("x")
        os.utime(path, (time.time() - age,) * 2)
        if held:
            stack.callback(os.close, scratch.hold(scratch.Scratch(str(path))))
        return path

    with contextlib.ExitStack() as stack:
        gone = made("ci-port-gone", age=10_000)
        kept = [
            made("ci-port-in-use", age=10_000, held=True),
            made("ci-port-new", age=1),
            made("of-somebody-else", age=10_000),
        ]
        (scratch_base / "ci-port-link").symlink_to(kept[2])
        scratch.new_scratch()
        assert not gone.exists()
        assert all((path / "root/file").exists() for path in kept)
    assert (scratch_base / "ci-port-link").is_symlink()
