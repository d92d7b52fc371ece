"""The store of evidence: run records in SQLite, each once, whoever adds them and however often.

Several writers take turns (WAL, a busy timeout, one transaction for each call); what was added is on the disk before
`add` returns (synchronous = FULL), and a transaction that a power loss cuts off is not there at all.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ci_port.model import DataError
from ci_port.model.errors import UsageError
from ci_port.rollout.records import MOMENT, Evidence, Refused, read_record

SCHEMA = 1
_OF_THE_MACHINE = ("full", "disk I/O error", "readonly", "unable to open", "locked", "permission")
_WAIT = 60.0
_PAUSE = 0.01
_COLUMNS = tuple(field.name for field in fields(Evidence))
# "PORT" and "SCRIPT" in the application id: another program's database is not taken for one of ours.
_APPLICATION = 0x43495054
_TABLE = """
CREATE TABLE record (
  digest TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, time TEXT NOT NULL, job TEXT NOT NULL, side TEXT NOT NULL,
  fallback INTEGER NOT NULL, cause TEXT NOT NULL, phase TEXT NOT NULL, status INTEGER, shadow TEXT NOT NULL,
  script TEXT NOT NULL, port TEXT NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID
"""


class NotEvidence(UsageError):
    """A file that is no store of evidence; the message names it."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of some records."""

    new: int
    known: int
    refused: tuple[Refused, ...]


class Store:
    """A file with evidence; a context manager."""

    def __init__(self, path: Path, create: bool = False) -> None:
        """Open the file; raises NotEvidence if it is something else, or is not there and is not to be made."""
        if str(path) == ":memory:":
            raise NotEvidence(f"{path} is kept nowhere; name a file")
        if not create and not path.is_file():
            raise NotEvidence(f"there is no evidence in {path}; `ci-port evidence add` makes the file")
        if path.exists() and not path.is_file():
            raise NotEvidence(f"{path} is no regular file, and cannot hold evidence")
        self._path = path
        with self._named():
            self._database = sqlite3.connect(self._address(), timeout=_WAIT, isolation_level=None, uri=True)
        try:
            with self._named():
                self._prepare()
        except BaseException:
            self.close()
            raise

    def _address(self) -> str:
        """Return the file as SQLite is told it: where nothing may be written beside it, it is only read."""
        address = self._path.absolute().as_uri()
        fixed = os.path.isfile(self._path) and not os.access(self._path.parent, os.W_OK)
        return f"{address}?immutable=1" if fixed and not os.path.exists(f"{self._path}-wal") else address

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Have SQLite's errors name the file: OSError for what the machine does not let happen, else NotEvidence."""
        try:
            yield
        except sqlite3.Error as error:
            if any(what in str(error) for what in _OF_THE_MACHINE):
                raise OSError(f"{self._path}: {error}; what was not said to be kept is not kept") from None
            raise NotEvidence(f"{self._path} is no store of evidence, or a damaged one: {error}") from None

    def _prepare(self) -> None:
        self._database.execute("PRAGMA synchronous = FULL")
        if self._pragma("application_id") != _APPLICATION:
            with self._transaction():
                # Looked at again: another writer may have been here first.
                if self._pragma("application_id") != _APPLICATION:
                    if self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                        raise NotEvidence(f"{self._path} is a database of another program")
                    self._database.execute(_TABLE)
                    self._database.execute(f"PRAGMA user_version = {SCHEMA}")
                    self._database.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._write_ahead()
        if (found := self._pragma("user_version")) != SCHEMA:
            raise NotEvidence(f"{self._path} is of version {found}; this tool knows version {SCHEMA}")

    def _write_ahead(self) -> None:
        """Change to WAL; older SQLites do not wait for others here, but fail."""
        deadline = time.monotonic() + _WAIT
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _pragma(self, name: str) -> int:
        value: int = self._database.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # a full disk has ended it already
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        """Close the file; closing twice is no error."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, records: Iterable[Evidence | Refused]) -> Added:
        """Add records, each once; what is refused is returned, and the rest is kept.

        Raises OSError where the machine does not let it (a full disk, a file that is read-only), NotEvidence for a
        damaged file; of such a call nothing is kept.
        """
        everything = list(records)
        refused = [record for record in everything if isinstance(record, Refused)]
        new = known = 0
        with self._named(), self._transaction():
            for record in everything:
                if isinstance(record, Refused):
                    continue
                outcome = self._insert(record)
                new += outcome == "new"
                known += outcome == "known"
                if outcome == "other":
                    place = f"record {record.id}"
                    refused.append(Refused(place, "another record with this id is here already: one was changed"))
        return Added(new, known, tuple(refused))

    def _insert(self, record: Evidence) -> str:
        marks = ", ".join("?" * len(_COLUMNS))
        values = [getattr(record, name) for name in _COLUMNS]
        done = self._database.execute(f"INSERT OR IGNORE INTO record ({', '.join(_COLUMNS)}) VALUES ({marks})", values)
        if done.rowcount == 1:
            return "new"
        same = self._database.execute("SELECT 1 FROM record WHERE digest = ?", [record.digest]).fetchone()
        return "known" if same else "other"

    def records(self, since: str = "") -> list[Evidence]:
        """Return the records of runs that began at `since` or later, in order of time.

        Raises NotEvidence for a record that is not what was added: nothing is decided by half of the evidence.
        """
        query = f"SELECT {', '.join(_COLUMNS)} FROM record ORDER BY time, id"
        with self._named():
            rows = self._database.execute(query).fetchall()
        return [record for record in map(self._whole, rows) if record.time >= since]

    def _whole(self, row: Sequence[object]) -> Evidence:
        """Return a record, read anew from its text and held against its columns."""
        columns = dict(zip(_COLUMNS, row, strict=True))
        try:
            record = read_record(str(columns["text"]), str(self._path))
        except DataError:
            record = None
        if record is None or [getattr(record, name) for name in _COLUMNS] != list(row):
            raise NotEvidence(f"{self._path} is damaged: the record {columns['id']!r} is not what was added")
        return record


def load_evidence(path: Path) -> list[Evidence]:
    """Return the records of a store; raises NotEvidence where there is none."""
    with Store(path) as store:
        return store.records()


@dataclass(frozen=True, slots=True)
class Figures:
    """What some runs add up to."""

    runs: int = 0
    live: int = 0
    fallbacks: int = 0
    shadow: int = 0
    mismatches: int = 0
    inconclusive: int = 0

    @property
    def fallback_percent(self) -> float:
        """Return how many of the live runs fell back."""
        return 100 * self.fallbacks / self.live if self.live else 0.0

    @property
    def mismatch_percent(self) -> float:
        """Return how many of the compared runs differed."""
        return 100 * self.mismatches / self.shadow if self.shadow else 0.0


def figures(records: Iterable[Evidence]) -> Figures:
    """Return what the runs add up to."""
    everything = list(records)
    return Figures(
        runs=len(everything),
        live=sum(record.live for record in everything),
        fallbacks=sum(record.fallback for record in everything),
        shadow=sum(record.compared for record in everything),
        mismatches=sum(record.shadow == "different" for record in everything),
        inconclusive=sum(bool(record.shadow) and not record.compared for record in everything),
    )


def trend(records: Iterable[Evidence], phase_of: Callable[[Evidence], str]) -> dict[str, dict[str, Figures]]:
    """Return the figures of each day, for each phase that `phase_of` names."""
    days: dict[str, dict[str, list[Evidence]]] = {}
    for record in records:
        days.setdefault(phase_of(record), {}).setdefault(record.time[:10], []).append(record)
    return {phase: {day: figures(found) for day, found in sorted(by_day.items())} for phase, by_day in days.items()}


def since(now: datetime.datetime, days: int) -> str:
    """Return the moment that is so many days before now, as records have it."""
    return (now - datetime.timedelta(days=days)).strftime(MOMENT)
