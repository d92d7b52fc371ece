"""The programs of this machine, and what is said of a bash that cannot be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ci_port import dryrun
from ci_port.dryrun import programs
from tests.unit.dryrun.test_build import one_sentence


def fake_bash(directory: Path, text: str) -> str:
    """Return a program that says something of its version."""
    path = directory / "bash"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("echo 'GNU bash, version 4.3.48(1)-release'", "is bash 4.3 and the recorder needs 4.4 or later"),
        ("echo 'GNU bash, version 3.2.57(1)-release'", "is bash 3.2"),
        ("echo 'something else'", "does not say that it is bash"),
    ],
)
def test_a_bash_that_is_too_old_or_none(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(dryrun.CannotRunHere) as caught:
        programs.find_bash(fake_bash(tmp_path, text))
    assert says in one_sentence(caught.value)


def test_no_bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    programs.find_bash.cache_clear()
    with pytest.raises(dryrun.CannotRunHere) as caught:
        programs.find_bash()
    assert "none on PATH" in one_sentence(caught.value)
    with pytest.raises(dryrun.CannotRunHere) as caught:
        programs.find_bash(str(tmp_path / "none"))
    assert "cannot start" in one_sentence(caught.value)


def test_a_loader_is_found_and_a_script_has_none(tmp_path: Path) -> None:
    assert os.path.isfile(programs.loader_of(programs.find_bash()))
    assert programs.loader_of(fake_bash(tmp_path, "")) == ""
    assert programs.find_tool("no_such_tool") == ""
    assert programs.find_tool("egrep") == programs.find_tool("grep")
