"""The run record: what happened to one job, as one line of JSON, and as Markdown for people (docs/runner.md).

A record that cannot be written is a warning, never a failed job.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_port.model import Plan
from ci_port.model.markdown import cell, code
from ci_port.model.plan import dumps
from ci_port.runner.describe import describe
from ci_port.runner.lock import Lock

VERSION = 1
_TRIES, _PAUSE = 40, 0.05
_GITHUB = ("GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB")


@dataclass(slots=True)
class Record:
    """What is known so far. None is what nobody knows: bash takes the process with it, status and all."""

    job: str
    environment: Mapping[str, str]
    side: str = "script"
    fallback: bool = False
    cause: str = ""
    reason: str = ""
    phase: str | None = None
    plan: Plan | None = None
    steps: int | None = None
    step_seconds: list[float] = field(default_factory=list)
    preflight_seconds: float = 0.0
    run_seconds: float | None = None
    status: int | None = None
    shadow: Mapping[str, object] | None = None
    lock: Lock | None = None
    began: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, object]:
        """Return the record as a JSON object."""
        import ci_port

        return {
            "version": VERSION,
            "id": os.urandom(16).hex(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
            "job": self.job,
            "github": {name.lower(): self.environment[name] for name in _GITHUB if name in self.environment},
            "side": self.side,
            "fallback": self.fallback,
            "cause": self.cause,
            "reason": self.reason,
            "phase": self.phase,
            "plan": None if self.plan is None else fingerprint(self.plan),
            "planned_steps": None if self.plan is None else len(self.plan.steps),
            "planned_status": None if self.plan is None else self.plan.status,
            "steps": self.steps,
            "seconds": {
                "preflight": round(self.preflight_seconds, 4),
                "run": None if self.run_seconds is None else round(self.run_seconds, 3),
                "steps": [round(seconds, 3) for seconds in self.step_seconds],
            },
            "status": self.status,
            "shadow": self.shadow,
            "versions": {
                "ci_port": ci_port.__version__,
                "port": self.lock.port if self.lock else None,
                "script": self.lock.script if self.lock else None,
                "python": ".".join(map(str, sys.version_info[:3])),
            },
        }

    def line(self) -> str:
        """Return the record as a line of JSON."""
        return dumps(self.to_json()) + "\n"

    def markdown(self) -> str:
        """Return the record for a step summary."""
        rows: list[tuple[str, object]] = [
            ("side", self.side),
            ("reason", self.reason),
            ("phase", self.phase),
            ("status", self.status),
            ("steps", self.steps),
            ("seconds", None if self.run_seconds is None else round(self.run_seconds, 1)),
        ]
        if self.shadow is not None:
            rows.append(("shadow", f"{self.shadow['outcome']}: {self.shadow['detail']}"))
        lines = [
            f"| {name} | {cell(value) if isinstance(value, str) else value} |"
            for name, value in rows
            if value is not None
        ]
        return "\n".join([f"### ci-port: {code(self.job)}", "", "| | |", "|---|---|", *lines, "", ""])


def write(record: Record, target: str | None, environment: Mapping[str, str]) -> list[str]:
    """Append the record to `target` and to the step summary, each where set; return what went wrong."""
    problems: list[str] = []
    summary = environment.get("GITHUB_STEP_SUMMARY")
    for path, what, text in (
        (target, "record", record.line),
        (summary, "step summary", record.markdown),
    ):
        if path:
            try:
                _append(path, text())
            except Exception as error:  # noqa: BLE001  # whatever it is, the job does not depend on it
                problems.append(f"the {what} {path} cannot be written: {describe(error)}")
    return problems


def fingerprint(plan: Plan) -> str:
    """Return the SHA-256 of the plan's canonical JSON."""
    import hashlib

    return hashlib.sha256(plan.dumps().encode()).hexdigest()


def _append(path: str, text: str) -> None:
    """Append all of a text, from the beginning of a line, or nothing; raises OSError."""
    # A pipe that nobody reads is an error at once, and no reason to wait.
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            _write_all(fd, text)
        else:
            alone = _wait_for_others(fd)
            size = os.fstat(fd).st_size
            begun = "" if _ends_a_line(path) else "\n"
            try:
                _write_all(fd, begun + text)
            except OSError:
                if alone:  # half a line would be taken for the beginning of the next one
                    os.ftruncate(fd, size)
                raise
    finally:
        os.close(fd)


def _write_all(fd: int, text: str) -> None:
    rest = text.encode(errors="backslashreplace")
    while rest:
        rest = rest[os.write(fd, rest) :]


def _wait_for_others(fd: int) -> bool:
    """Return whether no other of our kind writes; whoever keeps the file too long is not waited for."""
    import fcntl

    for _ in range(_TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_PAUSE)
        else:
            return True
    return False


def _ends_a_line(path: str) -> bool:
    """Return whether a file is empty, or its last line is a whole one; what cannot be read is taken to be."""
    try:
        with open(path, "rb") as file:
            return not file.seek(0, os.SEEK_END) or (file.seek(-1, os.SEEK_END) >= 0 and file.read(1) == b"\n")
    except OSError:
        return True
