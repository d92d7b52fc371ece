"""Where cases come from: files in the recorded format, standard input, or the table of CI's own jobs."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_port.model import Case, DataError
from ci_port.model.errors import UsageError
from ci_port.model.world import read_cases, read_text

STDIN = "<stdin>"


def load_cases(name: str) -> list[Case]:
    """Return the cases of a file, `-` for standard input; raises DataError with file, line and field."""
    if name == "-":
        return read_cases(_stdin(), STDIN)
    return read_cases(read_text(Path(name)), name)


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
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataError(STDIN, 1, "", f"cannot be read: {error}") from None


def load_jobs(path: Path, id_template: str) -> list[Case]:
    """Return one case for each row of a table whose columns are variables; an empty cell is an empty value.

    Raises DataError with file, line and column.
    """
    source = str(path)
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise DataError(source, reader.line_num, "", str(error)) from None
    if not header or len(set(header)) != len(header) or not all(header):
        raise DataError(source, 1, "", "the first line must name each column once")
    seen: Counter[str] = Counter()
    cases = []
    for line, row in rows:
        if len(row) != len(header):
            raise DataError(source, line, "", f"{len(header)} cells are expected, found {len(row)}")
        env = dict(zip(header, row, strict=True))
        id = _job_id(id_template, env, source)
        seen[id] += 1
        # Jobs that differ only in columns that the id leaves out are told apart by number.
        cases.append(Case(id if seen[id] == 1 else f"{id}#{seen[id]}", tuple(sorted(env.items()))))
    return cases


def _job_id(template: str, env: Mapping[str, str], source: str) -> str:
    try:
        return template.format_map(env)
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(source, 1, "", f"the id of a job cannot be made from {template!r}: {error!r}") from None
