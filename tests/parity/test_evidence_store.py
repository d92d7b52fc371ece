"""The store of evidence under bad luck: writers that are killed, many at once, and no room on the disk.

What a call said to be kept is there afterwards, each record once; of a call that failed nothing is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ci_port.rollout.evidence import Store
from ci_port.rollout.records import read_record
from tests.unit.rollout.test_evidence import line

ROOT = Path(__file__).resolve().parents[2]
KILLED = 200
WRITERS, TURNS = 16, 20
FULL = 50
BATCH = 3

# A process of its own, with one thread: it forks the writers. `told` holds what calls of `add` returned from.
DRIVER = """\
import os, random, resource, signal, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ci_port.rollout.evidence import Store
from ci_port.rollout.records import read_record
from ci_port.rollout.records import read_record

path, lines, told = Path(sys.argv[2]), Path(sys.argv[3]).read_text().splitlines(), sys.argv[4]
BATCH = int(sys.argv[5])

def add(first):
    with Store(path, create=True) as store:
        store.add([read_record(lines[number], "x") for number in range(first, first + BATCH)])

def tell(first):
    fd = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{first}\\n".encode())
    os.close(fd)

def fork(work):
    pid = os.fork()
    if not pid:
        status = 70
        try:
            work()
            status = 0
        except OSError:
            status = 3
        finally:
            os._exit(status)
    return pid

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
KILLS = """
chance = random.Random("kill")
def work(first):
    for turn in range(100):
        add(first + turn * BATCH)
        tell(first + turn * BATCH)
first = 0
def size():
    return os.path.getsize(told) if os.path.exists(told) else 0
for turn in range(int(sys.argv[6])):
    before = size()
    pid = fork(lambda: work(first))
    while turn % 10 == 0 and size() == before:  # on a slow machine, some get as far as that
        time.sleep(0.005)
    time.sleep(chance.random() * 0.03)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid) == -signal.SIGKILL
    said = [int(text) for text in open(told)] if os.path.exists(told) else [-BATCH]
    first = max(said) + BATCH  # what was under way is tried again, whether it is there or not
"""
MANY = """
def work(writer):
    for turn in range(int(sys.argv[7])):
        first = (turn + writer // 2) * BATCH  # two writers add the same, and all overlap
        add(first)
        tell(first)
pids = [fork(lambda writer=writer: work(writer)) for writer in range(int(sys.argv[6]))]
assert [ended(pid) for pid in pids] == [0] * len(pids)
"""
NO_ROOM = """
chance = random.Random("full")
def work(first, room):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    add(first)
    tell(first)
failed = turn = 0
while failed < int(sys.argv[6]):
    size = path.stat().st_size if path.exists() else 0
    room = chance.choice((0, 4096, size, size + 4096, 33_000, 40_000, 80_000, *[1_000_000] * 3))
    status = ended(fork(lambda: work(turn * BATCH, room)))
    assert status in (0, 3), status
    failed += status == 3
    turn += 1
"""


def driven(tmp_path: Path, program: str, records: int, *arguments: int) -> list[int]:
    """Run a program; return what it told to be kept."""
    lines, told = tmp_path / "lines", tmp_path / "told"
    lines.write_text("".join(f"{line(number)}\n" for number in range(records)))
    command = [sys.executable, "-S", "-c", DRIVER + program, str(ROOT), str(tmp_path / "e.db"), str(lines), str(told)]
    subprocess.run([*command, str(BATCH), *map(str, arguments)], timeout=300, check=True)
    return [int(text) for text in told.read_text().splitlines()]


def kept(tmp_path: Path) -> list[int]:
    """Return the numbers of the records that are there, from the store as anybody reads it."""
    with Store(tmp_path / "e.db") as store:
        return [int(one.id.removeprefix("id-")) for one in store.records()]


def check(found: Sequence[int], told: Sequence[int]) -> None:
    """Assert that all that was told is there, once, and calls are there whole or not at all."""
    assert len(found) == len(set(found))
    assert {number for first in told for number in range(first, first + BATCH)} <= set(found)
    calls = {number // BATCH for number in found}
    assert set(found) == {number for call in calls for number in range(call * BATCH, (call + 1) * BATCH)}


def test_writers_that_are_killed(tmp_path: Path) -> None:
    told = driven(tmp_path, KILLS, KILLED * 100 * BATCH, KILLED)
    assert len(told) > 1
    check(kept(tmp_path), told)


def test_many_writers_at_once(tmp_path: Path) -> None:
    told = driven(tmp_path, MANY, (WRITERS + TURNS) * BATCH, WRITERS, TURNS)
    assert len(told) == WRITERS * TURNS
    check(kept(tmp_path), told)
    assert len(kept(tmp_path)) == (WRITERS // 2 - 1 + TURNS) * BATCH


def test_no_room(tmp_path: Path) -> None:
    turns = 20 * FULL
    told = driven(tmp_path, NO_ROOM, turns * BATCH, FULL)
    found = kept(tmp_path)
    check(found, told)
    assert sorted({number // BATCH * BATCH for number in found}) == sorted(told)
    with Store(tmp_path / "e.db") as store:
        again = store.add([read_record(line(number), "x") for number in range(turns * BATCH)])
        assert (again.new, again.known, again.refused) == ((turns - len(told)) * BATCH, len(told) * BATCH, ())


@pytest.mark.parametrize("where", ["folder", "file"])
def test_what_may_not_be_written_can_be_read(tmp_path: Path, where: str) -> None:
    """As an artifact that was downloaded: nothing is written beside it, not even by reading."""
    folder = tmp_path / "artifact"
    folder.mkdir()
    told = driven(folder, MANY, 10 * BATCH, 1, 2)
    (folder / "e.db").chmod(0o444)
    if where == "folder":
        folder.chmod(0o555)
    try:
        before = sorted(path.name for path in folder.iterdir())
        check(kept(folder), told)
        if where == "folder" and os.geteuid():
            assert sorted(path.name for path in folder.iterdir()) == before
    finally:
        folder.chmod(0o755)
