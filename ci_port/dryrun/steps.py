"""From the records of a run to the steps of its plan, as JSON holds them (docs/formats.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ci_port.bash.variables import CARRIED
from ci_port.dryrun import layout
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.records import Record
from ci_port.model import World


def steps(records: Iterable[Record], start: Mapping[str, str], world: World) -> Iterator[dict[str, Any]]:
    """Return the steps, in order; `start` is the environment that the script starts with."""
    known = frozenset(os.fsencode(f"{name}={value}") for name, value in start.items())
    for record in records:
        if record.kind is Kind.EXECUTE:
            yield _execute(record, known, world)
            known = record.environment
        else:
            yield _other(record, world)


def _execute(record: Record, known: frozenset[bytes], world: World) -> dict[str, Any]:
    cwd, *streams = record.texts
    step: dict[str, Any] = {"kind": "exec", "argv": record.argv, "cwd": world.relative(cwd)}
    found = changes(known, record.environment)
    if env := {name: value for name, value in found.items() if name not in CARRIED}:
        step["env"] = env
    if record.status:
        step["status"] = record.status
    for name, text in zip(layout.TEXTS[Kind.EXECUTE][1:], streams, strict=True):
        if text:
            step[name] = stream(text, world)
    return step


def _other(record: Record, world: World) -> dict[str, Any]:
    if record.kind is Kind.SOURCE:
        return {"kind": "source", "path": record.texts[0]}
    if record.kind is Kind.WRITE:
        path = world.relative(record.texts[0])
        return {"kind": "write", "path": path, "append": bool(record.flags & layout.APPENDS)}
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
