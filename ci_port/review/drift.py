"""The script moved and the port did not: how far they have parted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_port.model.errors import CannotRun, UsageError
from ci_port.parity import Report, Verdict

if TYPE_CHECKING:
    from ci_port.shell.trace import Declarations, Part


@dataclass(frozen=True, slots=True)
class Moved:
    """A part of the script that is not what the port was written from; `part` is None where it is gone."""

    file: str
    id: str
    part: Part | None
    twin: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the part as a JSON object."""
        line = self.part.line if self.part else None
        shows = self.part.shows if self.part else None
        return {"file": self.file, "id": self.id, "line": line, "shows": shows, "twin": self.twin}


@dataclass(frozen=True, slots=True)
class Drift:
    """How far script and port have parted."""

    script: str
    added: tuple[Moved, ...]
    changed: tuple[Moved, ...]
    removed: tuple[Moved, ...]
    report: Report | None

    @property
    def stale(self) -> Mapping[str, tuple[Moved, ...]]:
        """Return the functions of the port whose part of the script changed or went, with those parts."""
        found: dict[str, list[Moved]] = {}
        for moved in (*self.changed, *self.removed):
            if moved.twin:
                found.setdefault(moved.twin, []).append(moved)
        return {twin: tuple(parts) for twin, parts in sorted(found.items())}

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.added or self.changed or self.removed) or (self.report is not None and not self.report.good)

    def to_json(self) -> dict[str, Any]:
        """Return the drift as a JSON object."""
        report = self.report
        return {
            "format": "ci-port drift",
            "version": 1,
            "script": self.script,
            "added": [moved.to_json() for moved in self.added],
            "changed": [moved.to_json() for moved in self.changed],
            "removed": [moved.to_json() for moved in self.removed],
            "stale": {twin: [moved.id for moved in parts] for twin, parts in self.stale.items()},
            "jobs": None if report is None else {"total": len(report.results), "differ": differing(report)},
        }


def differing(report: Report) -> list[str]:
    """Return the ids of the jobs that are not the same."""
    return [result.case.id for result in report.results if result.verdict is not Verdict.SAME]


def parted(script: str, parts: Sequence[Part], declarations: Declarations, report: Report | None) -> Drift:
    """Hold the parts of the script against those that the port was written from."""
    there = {(part.file, part.id): part for part in parts}
    new = [Moved(*key, part, None) for key, part in there.items() if key not in declarations]
    known = [(key, there[key], said) for key, said in declarations.items() if key in there]
    changed = [
        Moved(*key, part, said.twin) for key, part, said in known if said.fingerprint not in ("", part.fingerprint)
    ]
    removed = [Moved(*key, None, said.twin) for key, said in declarations.items() if key not in there]
    return Drift(script, tuple(new), tuple(changed), tuple(removed), report)


def read(script: Path, declared: Callable[[], Path]) -> tuple[list[Part], Declarations]:
    """Return the parts of the script, and what the port was written from.

    `declared` names the file of the declarations; it is asked once there is what reads scripts. Raises CannotRun where
    there is not, UsageError for a file that is not there or not bash.
    """
    try:
        from ci_port.shell import ScriptError, read_script, trace
        from ci_port.shell.coverage import Reader
    except ImportError as error:
        raise CannotRun(f"Reading the script needs {error.name}: pip install 'ci_port[parity]'") from None
    path = declared()
    if not path.is_file():
        raise UsageError(f"there is no {path}, so it is not known what the port was written from; {trace.REGENERATE}")
    if not script.is_file():
        raise UsageError(f"there is no script {script}; name one with --script PATH")
    try:
        reader = Reader(read_script(script))
    except ScriptError as error:
        raise UsageError(str(error)) from None
    return list(trace.parts_of(reader.inventory, reader.name_of)), trace.load(path)
