"""`Plan`: the ordered steps that a run would take and its exit status; frozen, with one canonical JSON text.

The JSON is the recorded format (`tests/parity/recorded/README.md`): sorted keys, compact separators, fields left
out where they would say nothing. Reading a recorded plan and writing it again gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ci_port.model.fields import Fields

Changes = tuple[tuple[str, "str | None"], ...]


@dataclass(frozen=True, slots=True)
class Execute:
    """A command that runs as a process.

    `argv` is exactly as executed; `cwd` is relative to the workspace, absolute outside it; `env` is the change of
    the exported environment since the previous `Execute`, sorted by name, None = no longer exported; `stdin`,
    `stdout`, `stderr` are None if inherited, else `pipe`, `heredoc` or a path (`>>path` when appending).
    """

    argv: tuple[str, ...]
    cwd: str = "."
    env: Changes = ()
    status: int = 0
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    kind: ClassVar[str] = "exec"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        step: dict[str, Any] = {"kind": self.kind, "argv": list(self.argv), "cwd": self.cwd}
        if self.env:
            step["env"] = dict(self.env)
        if self.status:
            step["status"] = self.status
        for name, value in (("stdin", self.stdin), ("stdout", self.stdout), ("stderr", self.stderr)):
            if value is not None:
                step[name] = value
        return step


@dataclass(frozen=True, slots=True)
class Source:
    """A file outside the script's own directory that the script sources."""

    path: str
    kind: ClassVar[str] = "source"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"kind": self.kind, "path": self.path}


@dataclass(frozen=True, slots=True)
class Write:
    """A file that the script itself (not a command) writes."""

    path: str
    append: bool
    kind: ClassVar[str] = "write"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"kind": self.kind, "path": self.path, "append": self.append}


@dataclass(frozen=True, slots=True)
class Limit:
    """A resource limit that the script sets; `value` is in the unit of setrlimit(2), or `unlimited`."""

    resource: str
    value: int | str
    kind: ClassVar[str] = "ulimit"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"kind": self.kind, "resource": self.resource, "value": self.value}


Step = Execute | Source | Write | Limit


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a run, in order, and the exit status of the script. Two plans are equal when both are."""

    steps: tuple[Step, ...]
    status: int

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        return {"status": self.status, "steps": [step.to_json() for step in self.steps]}

    def dumps(self) -> str:
        """Return the canonical JSON text of the plan."""
        return dumps(self.to_json())


def dumps(value: object) -> str:
    """Return canonical JSON: sorted keys, compact separators, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sorted_changes(changes: Mapping[str, str | None]) -> Changes:
    """Return environment changes in the form that a step holds."""
    return tuple(sorted(changes.items()))


def plan_from_json(fields: Fields) -> Plan:
    """Return the plan that `fields` describes; raises DataError with file, line and field."""
    steps = tuple(step_from_json(step) for step in fields.objects("steps"))
    status = fields.integer("status")
    fields.finish()
    return Plan(steps, status)


def step_from_json(fields: Fields) -> Step:
    """Return the step that `fields` describes; raises DataError with file, line and field."""
    kind = fields.text("kind")
    step: Step
    if kind == "exec":
        step = Execute(
            argv=tuple(fields.texts("argv")),
            cwd=fields.text("cwd"),
            env=sorted_changes(fields.changes("env", {})),
            status=fields.integer("status", 0),
            stdin=fields.text_or_none("stdin"),
            stdout=fields.text_or_none("stdout"),
            stderr=fields.text_or_none("stderr"),
        )
    elif kind == "source":
        step = Source(fields.text("path"))
    elif kind == "write":
        step = Write(fields.text("path"), fields.boolean("append"))
    elif kind == "ulimit":
        step = Limit(fields.text("resource"), fields.integer_or_text("value"))
    else:
        raise fields.error("kind", f"unknown step kind {kind!r}; one of exec, source, write, ulimit")
    fields.finish()
    return step
