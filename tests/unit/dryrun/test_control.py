"""The file that worker and library share."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.dryrun import control, layout
from ci_port.dryrun.layout import ControlHead, Kind, RecordHead
from ci_port.dryrun.limits import Limits
from tests.unit.dryrun.test_configuration import example

LIMITS = Limits(processes=10, log=1 << 16)


@pytest.fixture
def shared(tmp_path: Path) -> control.Control:
    """A prepared file."""
    found = control.Control(str(tmp_path / "control"), LIMITS)
    found.prepare(example())
    return found


def put(path: str, field: str, value: int) -> None:
    """Write a field of the file's head as the library would."""
    offset, form = layout.places(ControlHead)[field]
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(form.pack(value))


def add(path: str, kind: Kind, order: tuple[int, ...], *texts: str, state: int = 1) -> None:
    """Write a record as the library would, in place file.sh:7 of f called by g."""
    strings = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in ("file.sh", "f g", *texts))
    body = struct.pack(f"<{len(order) - 1}I", *order[:-1]) + strings
    packer = layout.packer(RecordHead)
    size = (packer.size + len(body) + 7) & ~7
    head = RecordHead(size, kind, state, depth=len(order) - 1, seq=order[-1], line=7, status=0, flags=1, value=5)
    offset, form = layout.places(ControlHead)["next"]
    with open(path, "r+b") as file:
        file.seek(offset)
        at = form.unpack(file.read(form.size))[0]
        file.seek(at)
        file.write(packer.pack(*head) + body)
    put(path, "next", at + size)


def test_records_come_in_the_order_of_the_plan(shared: control.Control) -> None:
    add(shared.path, Kind.WRITE, (3,), "third")
    add(shared.path, Kind.WRITE, (2, 9), "in a child of the second")
    add(shared.path, Kind.SOURCE, (1,), "first")
    add(shared.path, Kind.WRITE, (2, 1, 4), "in its child")
    add(shared.path, Kind.WRITE, (2,), "taken back", state=2)
    records = shared.records()
    assert [record.texts[0] for record in records] == ["first", "in its child", "in a child of the second", "third"]
    assert (records[0].file, records[0].line, records[0].functions, records[0].value) == ("file.sh", 7, ("f", "g"), 5)


def test_an_unfinished_record_is_an_error(shared: control.Control) -> None:
    add(shared.path, Kind.WRITE, (1,), "begun", state=0)
    with pytest.raises(control.BrokenLog, match="while it was writing down"):
        shared.records()


def test_an_unfinished_record_of_a_run_that_was_ended_is_left_out(shared: control.Control) -> None:
    add(shared.path, Kind.WRITE, (1,), "begun", state=0)
    add(shared.path, Kind.ERROR, (2,), "problem", "command")
    shared.stop()
    assert [record.texts for record in shared.records()] == [("problem", "command")]


def test_a_new_run_finds_nothing_of_the_last(shared: control.Control) -> None:
    add(shared.path, Kind.WRITE, (1,), "old")
    shared.stop()
    shared.prepare(example())
    assert shared.records() == []
    assert not shared.stopped
    assert shared.at is None


def test_a_configuration_larger_than_the_log_is_an_error(tmp_path: Path) -> None:
    shared = control.Control(str(tmp_path / "control"), Limits(log=4096))
    with pytest.raises(control.BrokenLog, match="do not fit"):
        shared.prepare(example(environment={"A": "x" * 5000}))


def test_what_a_killed_worker_left_is_ended_by_its_session(shared: control.Control) -> None:
    ours = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        put(shared.path, "forks", 2)
        put(shared.path, "main_pid", ours.pid)
        with open(shared.path, "r+b") as file:
            file.seek(layout.packer(ControlHead).size)
            file.write(struct.pack("<II", other.pid, os.getpid()))
        control.end_processes(shared.path)
        assert ours.wait(60) == -9
        assert other.poll() is None
        assert shared.stopped
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()
