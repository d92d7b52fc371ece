"""Plans of many jobs: recorded, read from a file, or remembered from the last time."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_port.cli.sides import shell_side
from ci_port.cli.subjects import TOOL
from ci_port.cli.terminal import Progress
from ci_port.model import Case, DataError, Document, Observation, Place, RunFailed, World
from ci_port.model.case import case_to_json
from ci_port.model.fingerprint import of_data, of_directory, of_text
from ci_port.model.plan import dumps, plan_from_json
from ci_port.model.reading import read_text
from ci_port.parity import ordered
from ci_port.parity.plandiff import Outcome

Lines = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of a job on one side; `lines` are those of the script that ran."""

    outcome: Outcome
    lines: Lines = field(default_factory=dict)


PlanSet = dict[str, Planned]


def outcomes(plans: PlanSet) -> dict[str, Outcome]:
    """Return the outcomes alone."""
    return {id: planned.outcome for id, planned in plans.items()}


def read_plan_set(path: Path) -> PlanSet:
    """Return the plans of a file of JSON lines, as `ci-port plan --cases` prints them; raises DataError."""
    plans: PlanSet = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        fields = Document(line, str(path), number).parse()
        id = fields.text("id")
        if id in plans:
            raise DataError(str(path), number, "id", f"{id!r} stands twice")
        if fields.has("error"):
            plans[id] = Planned(fields.text("error"))
            continue
        lines = fields.raw("lines") or {}
        ran = {file: frozenset(numbers) for file, numbers in lines.items()}
        plans[id] = Planned(plan_from_json(fields.object("plan")), ran)
    return plans


def record_script(script: Path, world: World, cases: Sequence[Case], jobs: int) -> PlanSet:
    """Return what the script does in each case, under real bash."""
    open_side = shell_side(script, world)

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Planned]]:
        with open_side() as side:
            yield lambda case: _planned(side, case)

    plans: PlanSet = {}
    with Progress(len(cases), f"jobs with {script.name}") as progress:
        for case, found in zip(cases, ordered(cases, open_worker, jobs), strict=True):
            plans[case.id] = found
            progress.update(len(plans))
    return plans


def _planned(side: Callable[[Case], Observation], case: Case) -> Planned:
    try:
        observation = side(case)
    except RunFailed as failed:
        # Not where: a line that shifts is no other reason.
        where = Place(failed.place.file, 0, failed.place.functions).functions[:1] if failed.place else ()
        return Planned(" ".join([failed.problem, *(f"in {name}" for name in where)]))
    return planned(observation)


def planned(observation: Observation) -> Planned:
    """Return what is kept of an observation."""
    return Planned(observation.plan, {Path(file).name: lines for file, lines in observation.lines.items()})


def plan_port(root: Path, port: str, world: Path, cases: Sequence[Case]) -> PlanSet:
    """Return what the port of another tree does in each case, planned by that tree's own code in a process of its own.

    Raises RunFailed where it cannot be asked at all.
    """
    lines = "".join(dumps(case_to_json(case)) + "\n" for case in cases)
    search = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")]), str(TOOL.parent)])
    command = [sys.executable, "-m", "ci_port", "plan", "--impl", "python", "--port", port, "--world", str(world)]
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*command, "--cases", "-", "--format", "jsonl"],
            input=lines.encode(errors="surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=root,
            env={**os.environ, "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
        said.seek(0)
        last = said.read().decode(errors="replace").strip().splitlines()[-1:]
    plans: PlanSet = {}
    for number, line in enumerate(done.stdout.decode(errors="surrogateescape").splitlines(), 1):
        fields = Document(line, "the port's plans", number).parse()
        id = fields.text("id")
        plans[id] = Planned(fields.text("error") if fields.has("error") else plan_from_json(fields.object("plan")))
    if len(plans) != len(cases):
        reason = last[0] if last else f"it ended with status {done.returncode}"
        raise RunFailed(reason)
    return plans


class Cache:
    """Plan sets of earlier runs, by the content of all that they depend on; at most `KEPT` of them."""

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
                found = read_plan_set(path)
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
        if not path.is_file():
            with contextlib.suppress(OSError):
                self._store(self._directory, path, plans)

    @staticmethod
    def _path(directory: Path, key: Sequence[str]) -> Path:
        return directory / f"{of_data(list(key))}.jsonl.gz"

    def _store(self, directory: Path, path: Path, plans: PlanSet) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        text = "".join(dumps(_line(id, planned)) + "\n" for id, planned in plans.items())
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".", suffix=".tmp", delete=False) as scratch:
            scratch.write(gzip.compress(text.encode("ascii"), compresslevel=1))
        os.replace(scratch.name, path)
        old = sorted(directory.glob("*.jsonl.gz"), key=lambda one: one.stat().st_mtime, reverse=True)
        for one in old[self.KEPT :]:
            one.unlink(missing_ok=True)


def _line(id: str, planned: Planned) -> dict[str, object]:
    assert not isinstance(planned.outcome, str), "what failed is not stored"
    lines = {file: sorted(numbers) for file, numbers in planned.lines.items()}
    return {"id": id, "plan": planned.outcome.to_json(), "lines": lines}


def cache_directory() -> Path:
    """Return where plan sets are remembered."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "ci_port" / "plans"


RECORDING = ("bash", "dryrun", "model")
"""The rooms that decide what a recorder sees."""


def recorder_fingerprint() -> str:
    """Return the fingerprint of what records: another recorder may see other plans."""
    rooms = (*RECORDING, "data/rules")
    return of_data([of_directory(TOOL / room, kind) for room in rooms for kind in ("*.py", "*.[ch]", "*.json")])


def script_key(script: Path, about: str) -> list[str]:
    """Return under what the plans of a script are stored; `about` is the fingerprint of world and cases."""
    return ["script", script.name, of_directory(script.resolve().parent), about, recorder_fingerprint()]


def cases_fingerprint(world: Path, cases: Sequence[Case]) -> str:
    """Return the fingerprint of a world and of cases in it."""
    return of_text(read_text(world) + json.dumps([case_to_json(case) for case in cases]))
