"""Records and their store: each once, whoever adds them; what is broken or foreign is refused by name."""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import os
import random
import re
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Plan
from ci_port.model.errors import UsageError
from ci_port.rollout.evidence import Figures, NotEvidence, Store, figures, load_evidence, since, trend
from ci_port.rollout.records import Evidence, Refused, job_variables, read_record, read_records
from ci_port.runner.record import Record


def line(number: int = 0, **changes: Any) -> str:
    record: dict[str, Any] = {
        "version": 1,
        "id": f"id-{number}",
        "time": f"2026-11-{1 + number % 28:02}T10:00:00Z",
        "job": "job:linux/smoke/1of1",
        "github": {},
        "side": "port",
        "fallback": False,
        "cause": "",
        "reason": "the phase has it",
        "phase": "1",
        "plan": "a" * 64,
        "planned_steps": 3,
        "planned_status": 0,
        "steps": 3,
        "seconds": {"preflight": 0.1, "run": 2.0, "steps": [1.0]},
        "status": 0,
        "shadow": None,
        "versions": {"ci_port": "0.1.0", "port": "p", "script": "s", "python": "3.11.7"},
    }
    return json.dumps({**record, **changes})


def record(number: int = 0, **changes: Any) -> Evidence:
    return read_record(line(number, **changes), "x")


def test_what_the_runner_writes_is_read() -> None:
    written = Record("job:linux/smoke/1of1", {}, side="shadow", phase="1", plan=Plan((), 0))
    written.shadow = {"outcome": "same", "detail": "3 steps", "seconds": 0.5}
    found = read_record(json.dumps(written.to_json()), "x")
    assert (found.job, found.side, found.phase, found.shadow, found.live, found.compared) == (
        "job:linux/smoke/1of1",
        "shadow",
        "1",
        "same",
        False,
        True,
    )


REFUSED = {
    "not JSON": ("{", "not JSON"),
    "cut off": (line()[:80], "not JSON"),
    "a list": ("[]", "an object is expected"),
    "foreign": ('{"version":1,"event":"push"}', "this is no run record"),
    "a report": ('{"format":"ci-port parity","version":2}', "this is no run record"),
    "another version": (line(version=2), "a record of version 1 is expected, found 2"),
    "an unknown side": (line(side="left"), "one of script, port, shadow is expected"),
    "no moment": (line(time="yesterday"), "a moment as"),
    "no id": (line(id=""), "this is empty"),
    "a status that is a text": (line(status="0"), "an integer is expected"),
    "an unknown outcome": (line(shadow={"outcome": "fine"}), "one of same, different"),
    "fallback missing": (line().replace('"fallback": false, ', ""), "field fallback is missing"),
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_record_is_refused_by_name_and_the_rest_is_kept(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text(f"{line(1)}\n{text}\n{line(2)}\n")
    with Store(tmp_path / "evidence.db", create=True) as store:
        added = store.add(read_records(file))
        assert (added.new, len(store.records())) == (2, 2)
    (refused,) = added.refused
    assert refused.place == f"{file}:2"
    assert problem in refused.reason


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xfe", b"\n\n"])
def test_a_file_without_records_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    if content is not None:
        file.write_bytes(content)
    (refused,) = read_records(file)
    assert isinstance(refused, Refused)
    assert "x.jsonl" in refused.place


def test_adding_twice_is_adding_once(tmp_path: Path) -> None:
    with Store(tmp_path / "e.db", create=True) as store:
        assert store.add([record(1), record(2), record(1)]).new == 2
        again = store.add([record(2), record(3)])
        assert (again.new, again.known, again.refused) == (1, 1, ())
        assert [one.id for one in store.records()] == ["id-1", "id-2", "id-3"]


def test_a_record_that_was_changed_afterwards_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "e.db", create=True) as store:
        store.add([record(1, shadow={"outcome": "different"})])
        added = store.add([record(1, shadow={"outcome": "same"})])
        assert added.new == 0
        assert added.refused == (
            Refused("record id-1", "another record with this id is here already: one was changed"),
        )
        assert [one.shadow for one in store.records()] == ["different"]


def _add_many(path: str, first: int) -> None:
    for number in range(first, first + 20):
        with Store(Path(path), create=True) as store:
            store.add([record(number), record(number + 10)])


def test_several_writers_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    workers = [
        multiprocessing.get_context("spawn").Process(target=_add_many, args=(str(path), first)) for first in (0, 10, 20)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    with Store(path) as store:
        assert sorted(int(one.id[3:]) for one in store.records()) == list(range(50))


def _add_forever(path: str) -> None:
    number = 0
    while True:
        with Store(Path(path), create=True) as store:
            store.add([record(number), record(number + 1)])
        Path(path + ".said").write_text(str(number + 2))
        number += 2


def test_a_writer_that_is_killed_leaves_whole_transactions(tmp_path: Path) -> None:
    """Nothing that `add` returned from is lost, and no half of a call is there."""
    path = tmp_path / "e.db"
    worker = multiprocessing.get_context("spawn").Process(target=_add_forever, args=(str(path),))
    worker.start()
    said = Path(f"{path}.said")
    while not (said.exists() and (said.read_text() or "0") >= "2"):
        assert worker.is_alive()
        time.sleep(0.01)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    with Store(path) as store:
        found = sorted(int(one.id[3:]) for one in store.records())
        assert found == list(range(len(found)))
        assert len(found) % 2 == 0
        assert len(found) >= int(said.read_text() or "0")
        assert store.add([record(len(found))]).new == 1


def test_the_file_is_safe_by_its_settings(tmp_path: Path) -> None:
    with Store(tmp_path / "e.db", create=True) as store:
        assert store._pragma("synchronous") == 2, "FULL: on the disk before a transaction ends"
    database = sqlite3.connect(tmp_path / "e.db")
    try:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        database.close()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be one" * 40, b"SQLite format 3\x00" + b"\xff" * 600]
)
def test_a_file_that_is_something_else_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "e.db"
    path.write_bytes(content)
    with pytest.raises(NotEvidence, match=r"e\.db"):
        Store(path, create=True)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "e.db")
    database.execute("CREATE TABLE theirs (x)")
    database.commit()
    database.close()
    with pytest.raises(NotEvidence, match="a database of another program"):
        Store(tmp_path / "e.db", create=True)


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "e.db", create=True).close()
    database = sqlite3.connect(tmp_path / "e.db")
    database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(NotEvidence, match="is of version 9"):
        Store(tmp_path / "e.db")


def test_nothing_is_made_where_one_only_looks(tmp_path: Path) -> None:
    with pytest.raises(NotEvidence, match="there is no evidence"):
        Store(tmp_path / "e.db")
    with pytest.raises(UsageError, match="there is no evidence"):
        load_evidence(tmp_path / "e.db")
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_loaded_whole(tmp_path: Path) -> None:
    with Store(tmp_path / "e.db", create=True) as store:
        store.add([record(2), record(1)])
    assert load_evidence(tmp_path / "e.db") == [record(1), record(2)]


RUNS = [
    record(1),
    record(1, id="b", side="script", fallback=True, cause="drift"),
    record(2, side="shadow", shadow={"outcome": "same"}),
    record(2, id="d", side="shadow", shadow={"outcome": "different"}),
    record(2, id="e", side="shadow", shadow={"outcome": "timeout"}),
    record(3, side="script"),
]


def test_figures_and_rates() -> None:
    found = figures(RUNS)
    assert found == Figures(runs=6, live=2, fallbacks=1, shadow=2, mismatches=1, inconclusive=1)
    assert (found.fallback_percent, found.mismatch_percent) == (50.0, 50.0)
    assert (Figures().fallback_percent, Figures().mismatch_percent) == (0.0, 0.0)


def test_trends_are_by_phase_and_day() -> None:
    found = trend(RUNS, lambda one: "a" if one.side == "shadow" else "b")
    assert {phase: list(days) for phase, days in found.items()} == {
        "b": ["2026-11-02", "2026-11-04"],
        "a": ["2026-11-03"],
    }
    assert found["a"]["2026-11-03"].shadow == 2


def test_since() -> None:
    assert since(datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc), 1) == "2026-02-28T00:00:00Z"


@pytest.mark.parametrize(
    ("job", "variables"),
    [
        ("job:linux-a/default/1of5", {"BUILD": "linux-a", "TEST": "default", "S": "1", "N": "5"}),
        ("job:linux-a/default/1of5#2", {"BUILD": "linux-a", "TEST": "default", "S": "1", "N": "5"}),
        ("job://of", {"BUILD": "", "TEST": "", "S": "", "N": ""}),
        ("other", {}),
    ],
)
def test_a_jobs_variables_are_read_from_its_id(job: str, variables: dict[str, str]) -> None:
    assert job_variables("job:{BUILD}/{TEST}/{S}of{N}", job) == variables


def test_memory_is_no_place_to_keep_anything() -> None:
    with pytest.raises(NotEvidence, match="is kept nowhere; name a file"):
        Store(Path(":memory:"), create=True)


def changed(path: Path, *statements: str) -> None:
    """Do something to a store past its back."""
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


DAMAGES = {
    "no table": (("DROP TABLE record",), "no such table"),
    "another table": (("DROP TABLE record", "CREATE TABLE record (digest)"), "no such column"),
    "a blob for a text": (("UPDATE record SET job = x'00ff' WHERE id = 'id-2'",), "the record 'id-2' is not what"),
    "a text for a number": (("UPDATE record SET status = 'x' WHERE id = 'id-2'",), "the record 'id-2' is not what"),
    "another outcome": (("UPDATE record SET shadow = 'same' WHERE id = 'id-2'",), "the record 'id-2' is not what"),
    "another time": (
        ("UPDATE record SET time = '1999-01-01T00:00:00Z' WHERE id = 'id-2'",),
        "the record 'id-2' is not",
    ),
    "another text": (("UPDATE record SET text = replace(text, 'port', 'script')",), "the record 'id-1' is not what"),
    "no text": (("UPDATE record SET text = x'ff' WHERE id = 'id-2'",), "the record 'id-2' is not what"),
    "an id that is a blob": (("UPDATE record SET id = x'ff' WHERE id = 'id-2'",), "is not what was added"),
}


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_store_is_named_and_nothing_is_decided_by_it(
    damage: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "e.db"
    with Store(path, create=True) as store:
        store.add([record(1), record(2)])
    changed(path, *damage)
    with pytest.raises(NotEvidence, match=re.escape(says)) as caught:
        load_evidence(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", range(8))
def test_flipped_bytes_never_count(part: int, tmp_path: Path) -> None:
    """Either the store is refused, or it says what was added: never something else."""
    path = tmp_path / "e.db"
    with Store(path, create=True) as store:
        store.add([record(number) for number in range(40)])
    changed(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole, chance = path.read_bytes(), random.Random(part)
    expected = [record(number) for number in range(40)]
    for _ in range(25):
        flipped = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        with contextlib.suppress(NotEvidence, OSError):
            found = load_evidence(path)
            assert all(one in expected for one in found)


def test_a_folder_a_pipe_and_a_device_are_no_stores(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/null")):
        with pytest.raises(NotEvidence, match="is no regular file"):
            Store(path, create=True)


@given(st.text(), st.text(), st.integers(-(2**62), 2**62), st.sampled_from((None, "same", "different", "failed")))
def test_whatever_the_runner_writes_is_evidence(job: str, reason: str, status: int, outcome: str | None) -> None:
    written = Record(job or "job:", {}, side="script", cause=reason, reason=reason, phase=reason)
    written.status = status
    written.shadow = {"outcome": outcome, "detail": reason, "seconds": 0.5} if outcome else None
    line = written.line()
    assert line.count("\n") == 1
    assert read_record(line, "x").job == (job or "job:")
