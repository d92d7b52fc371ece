"""Plan sets of earlier runs, by the content of all that they depend on."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ci_port.model import Case
from ci_port.model.case import case_to_json
from ci_port.model.fingerprint import of_data, of_text
from ci_port.model.reading import read_text
from ci_port.model.writing import write_whole
from ci_port.review.plansets import PlanSet, read_plan_set, to_line


class Cache:
    """A directory of plan sets; at most `KEPT` of them."""

    KEPT = 24

    def __init__(self, directory: Path | None) -> None:
        """Take a directory, which is made when something is stored; None remembers nothing."""
        self._directory = directory

    def of(self, key: Sequence[str], make: Callable[[], PlanSet]) -> PlanSet:
        """Return the plan set that was stored under the key, else make and store it."""
        if self._directory is None:
            return make()
        path = self._path(self._directory, key)
        # A file that is cut off, or of another version, is made anew.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            if path.is_file():
                found, wrong = read_plan_set(path)
                if not wrong:
                    os.utime(path)
                    return found
        plans = make()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        self.put(key, plans)
        return plans

    def put(self, key: Sequence[str], plans: PlanSet) -> None:
        """Store what was planned elsewhere, if it is whole; that it cannot be stored is no failure."""
        if self._directory is None or any(isinstance(planned.outcome, str) for planned in plans.values()):
            return
        path = self._path(self._directory, key)
        with contextlib.suppress(OSError):
            if not path.is_file():
                self._store(self._directory, path, plans)

    @staticmethod
    def _path(directory: Path, key: Sequence[str]) -> Path:
        return directory / f"{of_data(list(key))}.jsonl.gz"

    def _store(self, directory: Path, path: Path, plans: PlanSet) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        text = "".join(to_line(id, planned) for id, planned in plans.items())
        write_whole(path, gzip.compress(text.encode("ascii"), compresslevel=1))
        old = sorted(directory.glob("*.jsonl.gz"), key=lambda one: one.stat().st_mtime, reverse=True)
        for one in old[self.KEPT :]:
            one.unlink(missing_ok=True)


def cache_directory() -> Path | None:
    """Return where plan sets are remembered; None of a user whom nobody knows, without HOME."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    directory = Path(base) / "ci_port" / "plans"
    return directory if directory.is_absolute() else None


def key_of(program: Sequence[str], about: str) -> list[str]:
    """Return under what a program's plans are stored: what they depend on in it, and in the cases and their world."""
    return [*program, about]


def cases_fingerprint(world: Path, cases: Sequence[Case]) -> str:
    """Return the fingerprint of a world and of cases in it."""
    return of_text(read_text(world) + json.dumps([case_to_json(case) for case in cases]))
