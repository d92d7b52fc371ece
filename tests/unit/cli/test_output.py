"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_port.cli.output import check_writable, write
from ci_port.model.errors import UsageError


def test_a_place_that_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    check_writable(tmp_path / "new", "-o")
    with pytest.raises(UsageError, match=r"-o .*: this is a directory; name a file"):
        check_writable(tmp_path, "-o")
    with pytest.raises(UsageError, match=r"there is no directory .*no; make it first"):
        check_writable(tmp_path / "no" / "new", "-o")


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    write(target, "new \udcff", "-o")
    assert target.read_text() == "new \\udcff"
    assert os.listdir(tmp_path) == ["out"]


def test_what_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"-o .*: cannot be written: No such file or directory"):
        write(tmp_path / "no" / "out", "x", "-o")


def test_a_link_into_nothing_is_written_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new")
    check_writable(tmp_path / "link", "-o")
    write(tmp_path / "link", "text", "-o")
    assert (tmp_path / "new").read_text() == "text"
