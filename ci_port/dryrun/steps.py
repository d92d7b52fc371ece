"""From the records of a run to the steps of its plan, as JSON holds them (docs/formats.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ci_port.bash.variables import CARRIED
from ci_port.dryrun import layout
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import World
from ci_port.model.plan import text_of, text_to_json

STEPS = frozenset((Kind.EXECUTE, Kind.SOURCE, Kind.WRITE, Kind.LIMIT, Kind.UMASK))
_STREAMS = ("stdin", "stdout", "stderr")

Contents = Mapping[int, bytes]
"""What was written or fed, by the place of the record that it belongs to."""


def steps(
    records: Sequence[Record], start: Mapping[str, str], world: World, contents: Contents
) -> tuple[list[dict[str, Any]], list[Record]]:
    """Return the steps, in order, and the record of each; those of followed scripts are part of theirs.

    `start` is the environment that the script starts with.
    """
    known = frozenset(os.fsencode(f"{name}={value}") for name, value in start.items())
    reader = _Steps(records, world, contents)
    found, _ = reader.of((), known)
    return found, reader.outer


class _Steps:
    """Takes the records one by one; those of a script that is followed belong to the step that started it."""

    def __init__(self, records: Sequence[Record], world: World, contents: Contents) -> None:
        self._records = records
        self._world = world
        self._contents = contents
        self._at = 0
        self.outer: list[Record] = []
        """The records that are steps of the script itself."""

    def of(self, process: tuple[int, ...], known: frozenset[bytes]) -> tuple[list[dict[str, Any]], frozenset[bytes]]:
        """Return the steps of a process and all that it starts, and the environment of the last command."""
        found = []
        while self._at < len(self._records):
            record = self._records[self._at]
            if record.process[: len(process)] != process:
                break
            self._at += 1
            if not process:
                self.outer.append(record)
            if record.kind is not Kind.EXECUTE:
                found.append(_other(record, self._world, self._contents))
                continue
            step = _execute(record, known, self._world, self._contents)
            known = record.environment
            if record.flags & layout.FOLLOWED:
                inner, known = self.of(record.process, known)
                if inner:
                    step["steps"] = inner
            found.append(step)
        return found, known


def _execute(record: Record, known: frozenset[bytes], world: World, contents: Contents) -> dict[str, Any]:
    texts = dict(zip(layout.TEXTS[Kind.EXECUTE], record.texts, strict=True))
    step: dict[str, Any] = {"kind": "exec", "argv": record.argv, "cwd": world.relative(texts["cwd"])}
    found = changes(known, record.environment)
    if env := {name: value for name, value in found.items() if name not in CARRIED}:
        step["env"] = env
    if record.status:
        step["status"] = record.status
    for name in _STREAMS:
        if texts[name]:
            step[name] = stream(texts[name], world)
    if content := contents.get(record.place):
        step["input"] = text_to_json(text_of(content))
    return step


def _other(record: Record, world: World, contents: Contents) -> dict[str, Any]:
    if record.kind is Kind.SOURCE:
        return {"kind": "source", "path": record.texts[0]}
    if record.kind is Kind.UMASK:
        return {"kind": "umask", "value": f"{record.value:03o}"}
    if record.kind is Kind.WRITE:
        path = world.relative(record.texts[0])
        text = text_to_json(text_of(contents.get(record.place, b"")))
        return {"kind": "write", "path": path, "append": bool(record.flags & layout.APPENDS), "text": text}
    return {
        "kind": "ulimit",
        "resource": record.texts[0],
        "value": "unlimited" if record.value == layout.UNLIMITED else record.value,
    }


def changes(before: frozenset[bytes], after: frozenset[bytes]) -> dict[str, str | None]:
    """Return what changed between two environments, each a set of `NAME=value`; None: no longer there."""
    found: dict[str, str | None] = {}
    for entries, is_there in ((before - after, False), (after - before, True)):
        for entry in entries:
            name, _, value = os.fsdecode(entry).partition("=")
            found[name] = value if is_there else None
    return found


def stream(text: str, world: World) -> str:
    """Return a stream as a plan names it: `>>` before a file that is appended to, and the file from the workspace."""
    return ">>" + world.relative(text[2:]) if text.startswith(">>") else world.relative(text)
