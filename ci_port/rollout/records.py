"""Run records as evidence: reads what the runner wrote (ci_port/runner/record.py), and refuses the rest by name."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_port.model import DataError, Document, Fields
from ci_port.model.reading import read_text

VERSION = 1
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
OUTCOMES = ("same", "different", "failed", "timeout", "unavailable")
SIDES = ("script", "port", "shadow")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One run. `shadow` is what the side observation saw, empty where there was none; `text` is the record's line."""

    digest: str
    id: str
    time: str
    job: str
    side: str
    fallback: bool
    cause: str
    phase: str
    status: int | None
    shadow: str
    script: str
    port: str
    text: str

    @property
    def live(self) -> bool:
        """Whether the port ran the job, or was to run it and fell back."""
        return self.fallback or self.side == "port"

    @property
    def compared(self) -> bool:
        """Whether both plans were seen, so that they could be compared."""
        return self.shadow in ("same", "different")


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is none, with the reason."""

    place: str
    reason: str


def read_records(path: Path) -> Iterator[Evidence | Refused]:
    """Yield each record of a file, one a line (`*.gz` is unpacked), or why it is refused."""
    try:
        text = read_text(path)
    except DataError as error:
        yield Refused(str(path), error.problem)
        return
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        yield Refused(str(path), "the file holds no record")
    for number, line in lines:
        try:
            yield read_record(line, str(path), number)
        except DataError as error:
            yield Refused(f"{path}:{number}", f"field {error.field}: {error.problem}" if error.field else error.problem)


def read_record(text: str, source: str, number: int = 1) -> Evidence:
    """Return the record of a line; raises DataError with file, line and field."""
    fields = Document(text, source, number).parse()
    if not (fields.has("version") and fields.has("side") and fields.has("job")):
        raise fields.error("", "this is no run record")
    version = fields.integer("version")
    if version != VERSION:
        raise fields.error("version", f"a record of version {VERSION} is expected, found {version}")
    versions = fields.object("versions")
    return Evidence(
        digest=hashlib.sha256(text.strip().encode(errors="surrogateescape")).hexdigest(),
        id=_said(fields, "id"),
        time=_moment(fields),
        job=_said(fields, "job"),
        side=_one_of(fields, "side", SIDES),
        fallback=fields.boolean("fallback"),
        cause=fields.text("cause"),
        phase=fields.text("phase") if fields.has("phase") else "",
        status=fields.integer("status") if fields.has("status") else None,
        shadow=_one_of(fields.object("shadow"), "outcome", OUTCOMES) if fields.has("shadow") else "",
        script=versions.text("script") if versions.has("script") else "",
        port=versions.text("port") if versions.has("port") else "",
        text=text.strip(),
    )


def _said(fields: Fields, name: str) -> str:
    text = fields.text(name)
    if not text:
        raise fields.error(name, "this is empty")
    return text


def _one_of(fields: Fields, name: str, words: tuple[str, ...]) -> str:
    text = fields.text(name)
    if text not in words:
        raise fields.error(name, f"one of {', '.join(words)} is expected, found {text!r}")
    return text


def _moment(fields: Fields) -> str:
    text = fields.text("time")
    try:
        datetime.datetime.strptime(text, MOMENT)
    except ValueError:
        raise fields.error("time", f"a moment as YYYY-MM-DDTHH:MM:SSZ is expected, found {text!r}") from None
    return text


def job_variables(template: str, job: str) -> dict[str, str]:
    """Return the variables that a job's id was made from, empty if it was made from another template."""
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(f"(?P<{part}>.*?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    found = re.fullmatch(pattern, job.partition("#")[0])
    return found.groupdict() if found else {}
