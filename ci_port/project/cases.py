"""Where cases come from: files in the recorded format, standard input, or the table of CI's own jobs."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ci_port.model import Case, DataError
from ci_port.model.case import read_cases
from ci_port.model.errors import UsageError
from ci_port.model.jobs import read_jobs
from ci_port.model.reading import read_text

STDIN = "<stdin>"


def load_cases(name: str) -> list[Case]:
    """Return the cases of a file, `-` for standard input; raises DataError with file, line and field."""
    if name == "-":
        return read_cases(_stdin(), STDIN)
    return read_cases(read_text(Path(name), "surrogateescape"), name)


def load_case_files(names: Sequence[str]) -> list[Case]:
    """Return the cases of all files, in order; raises UsageError when two files use one id."""
    cases = [case for name in names for case in load_cases(name)]
    doubled = [id for id, count in Counter(case.id for case in cases).items() if count > 1]
    if doubled:
        raise UsageError(f"the case {doubled[0]!r} stands in more than one of the files; ids must be unique")
    return cases


def _stdin() -> str:
    raw = sys.stdin.buffer.read()
    try:
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode(errors="surrogateescape")
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(STDIN, 1, "", f"cannot be read: {error}") from None


def load_jobs(path: Path, id_template: str) -> list[Case]:
    """Return the cases of a table of jobs; raises DataError with file, line and column."""
    return read_jobs(read_text(path, "surrogateescape"), str(path), id_template)
