"""`Plan`: the ordered steps that a run would take and its exit status; frozen, with one canonical JSON text.

The JSON (`docs/formats.md`) has sorted keys and compact separators, and leaves out what would say nothing. Reading a
plan and writing it again gives the same bytes. Plans of a world of version 1 have no `input`, `steps`, `text` and no
`umask` steps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ci_port.model.fields import Fields

Changes = tuple[tuple[str, "str | None"], ...]

LONGEST = 65_536
"""How many bytes of a content a plan holds as text; of more it holds the digest."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Content that is too long for a plan, or no text: its SHA-256 in hexadecimal digits, and how many bytes it has."""

    sha256: str
    size: int

    def to_json(self) -> dict[str, Any]:
        """Return the digest as a JSON object."""
        return {"sha256": self.sha256, "size": self.size}


Text = str | Digest


def text_of(content: bytes) -> Text:
    """Return content as a plan holds it: text; its digest if it is longer than `LONGEST`, not UTF-8, or has a NUL."""
    if len(content) <= LONGEST and b"\0" not in content:
        try:
            return content.decode()
        except UnicodeDecodeError:
            pass
    import hashlib  # not at the top: the runner starts faster without

    return Digest(hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class Execute:
    """A command that runs as a process.

    `argv` is exactly as executed; `cwd` is relative to the workspace, absolute outside it; `env` is the change of
    the exported environment since the previous `Execute`, sorted by name, None = no longer exported; `stdin`,
    `stdout`, `stderr` are None if inherited, else `pipe`, `heredoc` or a path (`>>path` when appending). `input` is
    what stands ready on its standard input (here-document, here-string, pipe), None for nothing, for a file, or for an
    inherited one. `steps` are those of a script that is followed.
    """

    argv: tuple[str, ...]
    cwd: str = "."
    env: Changes = ()
    status: int = 0
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    input: Text | None = None
    steps: tuple[Step, ...] = ()
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
        if self.input is not None:
            step["input"] = text_to_json(self.input)
        if self.steps:
            step["steps"] = [inner.to_json() for inner in self.steps]
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
    """A file that the script itself (not a command) writes; `text` is what it writes, None if that is not recorded."""

    path: str
    append: bool
    text: Text | None = None
    kind: ClassVar[str] = "write"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        step: dict[str, Any] = {"kind": self.kind, "path": self.path, "append": self.append}
        if self.text is not None:
            step["text"] = text_to_json(self.text)
        return step


@dataclass(frozen=True, slots=True)
class Limit:
    """A resource limit that the script sets; `value` is in the unit of setrlimit(2), or `unlimited`."""

    resource: str
    value: int | str
    kind: ClassVar[str] = "ulimit"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"kind": self.kind, "resource": self.resource, "value": self.value}


@dataclass(frozen=True, slots=True)
class Umask:
    """The script changes its file mode creation mask; `value` is in octal digits, at least three."""

    value: str
    kind: ClassVar[str] = "umask"

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {"kind": self.kind, "value": self.value}


Step = Execute | Source | Write | Limit | Umask


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


def bare(plan: Plan) -> Plan:
    """Return the plan as the recorded cases of version 1 hold it: without contents, followed scripts and umask."""
    return replace(plan, steps=tuple(_bare(step) for step in plan.steps if not isinstance(step, Umask)))


def _bare(step: Step) -> Step:
    if isinstance(step, Execute):
        return replace(step, input=None, steps=())
    return replace(step, text=None) if isinstance(step, Write) else step


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
            input=_input(fields),
            steps=_steps(fields),
        )
    elif kind == "source":
        step = Source(fields.text("path"))
    elif kind == "write":
        step = Write(fields.text("path"), fields.boolean("append"), _text(fields, "text"))
    elif kind == "ulimit":
        step = Limit(fields.text("resource"), fields.integer_or_text("value"))
    elif kind == "umask":
        step = Umask(_mask(fields))
    else:
        raise fields.error("kind", f"unknown step kind {kind!r}; one of exec, source, write, ulimit, umask")
    fields.finish()
    return step


def text_to_json(text: Text) -> object:
    """Return content as a JSON value."""
    return text if isinstance(text, str) else text.to_json()


def _text(fields: Fields, name: str) -> Text | None:
    """Return a content; only one form of it is right, so that equal contents are equal in JSON."""
    if not fields.has(name):
        return fields.text_or_none(name)
    value = fields.text_or_object(name)
    if isinstance(value, str):
        if not isinstance(text_of(value.encode(errors="surrogatepass")), str):
            raise fields.error(name, f"text of more than {LONGEST} bytes, with NUL or not UTF-8, stands as its digest")
        return value
    digest = Digest(value.text("sha256"), value.integer("size"))
    if not re.fullmatch("[0-9a-f]{64}", digest.sha256):
        raise value.error("sha256", f"64 hexadecimal digits are expected, found {digest.sha256!r}")
    if digest.size < 1:
        raise value.error("size", f"a number of bytes from 1 is expected, found {digest.size}")
    value.finish()
    return digest


def _input(fields: Fields) -> Text | None:
    text = _text(fields, "input")
    if text == "":
        raise fields.error("input", "an empty input is left out")
    return text


def _steps(fields: Fields) -> tuple[Step, ...]:
    steps = tuple(step_from_json(step) for step in fields.objects("steps", []))
    if not steps and fields.has("steps"):
        raise fields.error("steps", "without steps the field is left out")
    return steps


def _mask(fields: Fields) -> str:
    value = fields.text("value")
    if not re.fullmatch("[0-7]{3,4}", value):
        raise fields.error("value", f"three or four octal digits are expected, found {value!r}")
    return value
