"""Which Python function carries out which part of the script: what the port declares, held against the script.

The declaration is a JSON file beside the port: for each file of the script, each branch and each function's own text,
the twin, the fingerprint of the text that it was written from, and the reason for what nothing can reach. A part whose
text has changed since is stale until somebody has looked at the twin and says so; nothing here ever decides that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from ci_port.model import Document
from ci_port.model.reading import read_text
from ci_port.shell.inventory import TOP, Inventory

REGENERATE = "tools/ci-port inventory --trace --update"


class Status(Enum):
    """What has become of a part of the script."""

    PORTED = "ported"
    STALE = "stale"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Part:
    """A branch, or what a function (or the script itself) does outside its branches."""

    file: str
    id: str
    kind: str
    function: str | None
    line: int
    end_line: int
    shows: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What the port says about a part. An empty `fingerprint` is one that `update` is to fill in."""

    twin: str | None
    fingerprint: str = ""
    unreachable: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A part, what is declared about it, and what that comes to."""

    part: Part
    declared: Declared | None
    status: Status


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole table; `unanswered` are functions of the port that answer no part, `gone` parts no longer there."""

    rows: tuple[Row, ...]
    unanswered: tuple[str, ...]
    gone: tuple[tuple[str, str], ...]

    def count(self, status: Status) -> int:
        """Return how many parts have come to this."""
        return sum(row.status is status for row in self.rows)

    @property
    def complete(self) -> bool:
        """Whether every part is ported or named unreachable."""
        return not (self.count(Status.MISSING) or self.count(Status.STALE) or self.gone)


Key = tuple[str, str]
Declarations = Mapping[Key, Declared]


def parts_of(inventory: Inventory, name_of: Callable[[Inventory], str]) -> Iterator[Part]:
    """Yield every part of the script and the files it sources, in the order of the text."""
    for file in inventory.every():
        name = name_of(file)
        last = len(file.source.lines)
        parts = []
        if any(command.function is None and command.branch is None for command in file.commands):
            parts.append(Part(name, TOP, "script", None, 1, last, "commands outside of branches", file.top_fingerprint))
        seen: dict[str, int] = {}
        for function in file.functions:
            seen[function.name] = repeat = seen.get(function.name, 0) + 1
            id = function.name + (f"-{repeat}" if repeat > 1 else "")
            shows = f"{function.name}()"
            part = Part(
                name, id, "function", function.name, function.line, function.end_line, shows, function.fingerprint
            )
            parts.append(part)
        for branch in file.branches:
            shows = f"{branch.kind} {branch.text}" if branch.text else branch.kind
            part = Part(
                name, branch.id, branch.kind, branch.function, branch.line, branch.end_line, shows, branch.fingerprint
            )
            parts.append(part)
        yield from sorted(parts, key=lambda part: part.line)


def trace(parts: Iterable[Part], declarations: Declarations, twins: Collection[str]) -> Trace:
    """Return the table of all parts, with what each comes to."""
    rows = []
    for part in parts:
        declared = declarations.get((part.file, part.id))
        rows.append(Row(part, declared, _status(part, declared, twins)))
    known = {(row.part.file, row.part.id) for row in rows}
    answering = {declared.twin for declared in declarations.values()}
    return Trace(
        tuple(rows),
        tuple(sorted(set(twins) - answering)),
        tuple(key for key in declarations if key not in known),
    )


def _status(part: Part, declared: Declared | None, twins: Collection[str]) -> Status:
    if declared is None:
        return Status.MISSING
    if declared.twin is None:
        if declared.unreachable is None:
            return Status.MISSING
    elif declared.twin not in twins:
        return Status.MISSING
    if declared.fingerprint != part.fingerprint:
        return Status.STALE
    return Status.PORTED if declared.twin is not None else Status.UNREACHABLE


def updated(parts: Iterable[Part], declarations: Declarations, accepted: Collection[str]) -> dict[Key, Declared]:
    """Return the declarations with new parts in them (no twin yet) and those dropped that are gone.

    Fingerprints are filled in where there is none; where the text has changed, only for the ids in `accepted`.
    """
    result: dict[Key, Declared] = {}
    for part in parts:
        declared = declarations.get((part.file, part.id), Declared(None))
        named = declared.twin is not None or declared.unreachable is not None
        if named and (not declared.fingerprint or part.id in accepted):
            declared = replace(declared, fingerprint=part.fingerprint)
        result[part.file, part.id] = declared
    return result


def load(path: Path) -> dict[Key, Declared]:
    """Return the declarations of a file, none if it is not there; raises DataError with file, line and field."""
    if not path.exists():
        return {}
    fields = Document(read_text(path), str(path)).parse()
    fields.text("regenerate", "")
    result: dict[Key, Declared] = {}
    for file in fields.objects("files"):
        name = file.text("name")
        for entry in file.objects("parts"):
            entry.text("shows", "")
            unreachable = entry.text("unreachable", "") or None
            twin = entry.text_or_none("twin")
            result[name, entry.text("id")] = Declared(twin, entry.text("fingerprint", ""), unreachable)
            entry.finish()
        file.finish()
    fields.finish()
    return result


def dump(parts: Iterable[Part], declarations: Declarations) -> str:
    """Return the text of the file: one line a part, so that a change to one is a change to one line."""
    files: dict[str, list[str]] = {}
    for part in parts:
        declared = declarations[part.file, part.id]
        entry: dict[str, str | None] = {"id": part.id, "shows": part.shows, "twin": declared.twin}
        if declared.fingerprint:
            entry["fingerprint"] = declared.fingerprint
        if declared.unreachable:
            entry["unreachable"] = declared.unreachable
        files.setdefault(part.file, []).append("      " + json.dumps(entry))
    blocks = (
        f'    {{"name": {json.dumps(name)}, "parts": [\n' + ",\n".join(entries) + "\n    ]}"
        for name, entries in files.items()
    )
    return f'{{\n  "regenerate": {json.dumps(REGENERATE)},\n  "files": [\n' + ",\n".join(blocks) + "\n  ]\n}\n"
