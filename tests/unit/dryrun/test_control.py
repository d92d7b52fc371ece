"""The file that worker and library share."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.dryrun import control, layout
from ci_port.dryrun.layout import ControlHead, Kind, ProcessEntry, RecordHead, WrittenFile
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


def get(path: str, field: str) -> int:
    """Read a field of the file's head as the library would."""
    offset, form = layout.places(ControlHead)[field]
    with open(path, "rb") as file:
        file.seek(offset)
        return int(form.unpack(file.read(form.size))[0])


ENTRY = layout.packer(ProcessEntry)


def entry(**fields: int) -> bytes:
    """Return the entry of a process."""
    return ENTRY.pack(*ProcessEntry(**{**dict.fromkeys(ProcessEntry._fields, 0), **fields}))


def put_entry(path: str, at: int, data: bytes) -> None:
    """Write an entry of a table as the library would."""
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def add(path: str, kind: Kind, order: tuple[int, ...], *texts: str, state: int = 1, status: int = 0) -> int:
    """Write a record as the library would, in place file.sh:7 of f called by g; return where it stands."""
    strings = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in ("file.sh", "f g", *texts))
    body = struct.pack(f"<{len(order) - 1}I", *order[:-1]) + strings
    packer = layout.packer(RecordHead)
    size = (packer.size + len(body) + 7) & ~7
    head = RecordHead(size, kind, state, depth=len(order) - 1, seq=order[-1], line=7, status=status, flags=1, value=5)
    offset, form = layout.places(ControlHead)["next"]
    with open(path, "r+b") as file:
        file.seek(offset)
        at = form.unpack(file.read(form.size))[0]
        file.seek(at)
        file.write(packer.pack(*head) + body)
    put(path, "next", at + size)
    return int(at)


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
        put_entry(shared.path, layout.packer(ControlHead).size, entry(pid=other.pid))
        put_entry(shared.path, layout.packer(ControlHead).size + ENTRY.size, entry(pid=os.getpid()))
        control.end_processes(shared.path)
        assert ours.wait(60) == -9
        assert other.poll() is None
        assert shared.stopped
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_a_run_is_told_what_it_is_and_where_all_stands(shared: control.Control) -> None:
    found = {name: get(shared.path, name) for name in ("effects", "uid", "gid", "cpus", "has_stdin", "run")}
    assert found == {"effects": 1, "uid": 1000, "gid": 1001, "cpus": 3, "has_stdin": 0, "run": 1}
    places = [get(shared.path, name) for name in ("touched", "written", "cover", "config", "log", "size")]
    assert places == sorted(places)
    assert places[0] >= layout.packer(ControlHead).size + ENTRY.size * (LIMITS.processes + 1)
    shared.prepare(example(effects=False, has_stdin=True))
    assert [get(shared.path, name) for name in ("effects", "has_stdin", "run")] == [0, 1, 2]


def put_written(shared: control.Control, slot: int, file: WrittenFile) -> None:
    """Write an entry of the table of written files as the library would."""
    packer = layout.packer(WrittenFile)
    put_entry(shared.path, get(shared.path, "written") + slot % layout.WRITTEN_FILES * packer.size, packer.pack(*file))


def slot_of(inode: int) -> int:
    """Return where the library looks for a file first (native/written.c)."""
    return inode * 0x9E3779B97F4A7C15 % (1 << 64) % layout.WRITTEN_FILES


@pytest.mark.parametrize("inode", [1, 4711, (1 << 63) + 5])
def test_a_file_that_was_written_is_found_behind_others(shared: control.Control, inode: int) -> None:
    file = WrittenFile(inode=inode, record=8, start=9, run=1, tick=3)
    assert shared.written(inode) is None
    put_written(shared, slot_of(inode), WrittenFile(inode=inode + 1, record=1, start=1, run=1, tick=1))
    assert shared.written(inode) is None
    put_written(shared, slot_of(inode) + 1, file)
    assert shared.written(inode) == file


def test_a_file_that_an_earlier_run_has_written_is_not_known(shared: control.Control) -> None:
    put_written(shared, slot_of(77), WrittenFile(inode=77, record=8, start=9, run=1, tick=3))
    shared.prepare(example())
    assert shared.written(77) is None


def own_entry(shared: control.Control) -> int:
    """Return where the entry of the script's own process stands."""
    return layout.packer(ControlHead).size + ENTRY.size * LIMITS.processes


def test_a_tool_in_the_place_of_the_script_ends_as_the_script_does(shared: control.Control) -> None:
    place = add(shared.path, Kind.WRITE, (1,), "x", status=layout.UNKNOWN_STATUS)
    put_entry(shared.path, own_entry(shared), entry(execute=place))
    shared.ended(9)
    assert shared.records()[0].status == 9
    shared.ended(4)
    assert shared.records()[0].status == 9


def test_a_script_that_no_tool_has_taken_the_place_of_ends_no_step(shared: control.Control) -> None:
    add(shared.path, Kind.WRITE, (1,), "x", status=layout.UNKNOWN_STATUS)
    shared.ended(9)
    assert shared.records()[0].status == layout.UNKNOWN_STATUS


def test_processes_of_the_last_run_are_forgotten(shared: control.Control) -> None:
    head = layout.packer(ControlHead).size
    put(shared.path, "forks", 2)
    put_entry(shared.path, head, entry(pid=1, released=1) + entry(pid=2, lingers=1))
    put_entry(shared.path, own_entry(shared), entry(execute=1))
    shared.prepare(example())
    with open(shared.path, "rb") as file:
        file.seek(head)
        assert not any(file.read(2 * ENTRY.size))
        file.seek(own_entry(shared))
        assert not any(file.read(ENTRY.size))
    assert get(shared.path, "forks") == 0


@pytest.mark.parametrize("caller", ["source_caller", "restore_caller"])
def test_what_the_self_check_finds_out_is_kept_for_all_runs_that_follow(shared: control.Control, caller: str) -> None:
    put(shared.path, caller, 4242)
    shared.prepare(example())
    assert get(shared.path, caller) == 0
    put(shared.path, caller, 4242)
    shared.keep_callers()
    shared.prepare(example())
    assert get(shared.path, caller) == 4242


def test_the_background_is_told_that_the_script_has_ended(shared: control.Control) -> None:
    shared.end_background()
    assert get(shared.path, "over") == 1
    assert not shared.stopped
