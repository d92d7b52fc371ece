"""Which file a command name stands for; what bash makes of one that cannot run stands in live_rows.txt."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ci_port.host.live.programs import DEFAULT_PATH, Refused, find, not_executed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, mode in (("a/tool", 0o644), ("b/tool", 0o755), ("here", 0o755)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "path", "found"),
    [
        ("tool", "a:b", "b/tool"),
        ("here", "a:", "./here"),
        ("here", "::b", "./here"),
        ("./here", "", "./here"),
        ("tool", "nowhere:b", "b/tool"),
    ],
)
def test_found(place: Path, name: str, path: str, found: str) -> None:
    assert find(name, str(place), path) == found


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("tool", "", 127),
        ("tool", "nowhere", 127),
        ("", "a", 127),
        ("a", ".", 127),
        ("./a", "", 126),
        ("a/none", "", 127),
    ],
)
def test_refused(place: Path, name: str, path: str, status: int) -> None:
    found = find(name, str(place), path)
    assert isinstance(found, Refused)
    assert found.status == status


def test_a_file_that_nobody_may_execute(place: Path) -> None:
    assert find("tool", str(place), "a") == Refused(126, "a/tool: Permission denied")


def test_without_path_bash_has_one_of_its_own(place: Path) -> None:
    assert DEFAULT_PATH.split(":")[-1] == "/bin"
    assert isinstance(find("sh", str(place), None), str)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOENT, Refused(127, "x: cannot execute: required file not found")),
        (errno.E2BIG, Refused(126, "x: Argument list too long")),
    ],
)
def test_what_the_kernel_refuses(number: int, expected: Refused) -> None:
    assert not_executed("x", OSError(number, os.strerror(number))) == expected
