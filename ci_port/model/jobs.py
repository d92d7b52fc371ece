"""Tables of jobs: one case a row, as CSV or as JSON lines. Unset is not empty: the cell `<unset>` says so."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from ci_port.model.case import Case, args_from_json, each_alone, env_from_json
from ci_port.model.environment import Environment
from ci_port.model.fields import DataError, Document, Fields, not_utf8

UNSET = "<unset>"
ARGS = "args"
STDIN = "stdin"


def read_jobs(text: str, source: str, id_template: str) -> list[Case]:
    """Return the cases of a table, in order; `source` is its file's name, and `.jsonl` in it tells the form.

    The id of a job is made of its cells by `id_template` (`str.format`); equal ones are numbered. A job that is wrong
    stands there by its place, and says why. Raises DataError with file, line and column where none is right, and where
    the table itself is none.
    """
    lines = ".jsonl" in source.rpartition("/")[2]
    found = _json_lines(text, source, id_template) if lines else _rows(text, source, id_template)
    seen: dict[str, int] = {}

    def job(read: Callable[[], tuple[Case, bool]], line: int) -> Case:
        case, has_own_id = read()
        if has_own_id and case.id in seen:
            raise DataError(source, line, "id", f"{case.id!r} stands already in line {seen[case.id]}")
        # Jobs that differ only in what the id leaves out are told apart by number.
        id, number = case.id, 1
        while id in seen:
            number += 1
            id = f"{case.id}#{number}"
        seen[id] = line
        return replace(case, id=id)

    return each_alone(job, found, source)


Job = tuple[Callable[[], "tuple[Case, bool]"], int]
"""What reads a job, and whether that says its id itself; and its line."""


def _rows(text: str, source: str, id_template: str) -> Iterator[Job]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise DataError(source, 1, "", f"the first line must name each column once: {error}") from None
    _check_header(header, source)
    _id(id_template, dict.fromkeys(header, "x"), source, 1)  # a template that fits no row is no fault of each
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The reader goes on with the line after it; a quote that nobody closes has all that follows in it.
            yield partial(_refuse, source, line, reader.line_num, str(error)), line
            continue
        if row:
            yield partial(_row, header, row, source, line, id_template), line


def _refuse(source: str, line: int, last: int, problem: str) -> NoReturn:
    raise DataError(source, line, "", problem if line >= last else f"{problem}, in one row with all up to line {last}")


def _check_header(header: Sequence[str], source: str) -> None:
    if not header or len(set(header)) != len(header) or not all(header):
        raise DataError(source, 1, "", "the first line must name each column once")
    for name in header:
        _check_variable(name, "", source, 1)


def _row(header: Sequence[str], row: Sequence[str], source: str, line: int, id_template: str) -> tuple[Case, bool]:
    if len(row) != len(header):
        raise DataError(source, line, "", f"{len(header)} cells are expected, found {len(row)}")
    cells = dict(zip(header, row, strict=True))
    env: dict[str, str | None] = {}
    for name, cell in cells.items():
        if name not in (ARGS, STDIN):
            _check_variable(name, cell, source, line)
            env[name] = None if cell == UNSET else cell
    stdin = cells.get(STDIN, UNSET)
    id, args = _id(id_template, cells, source, line), _words(cells.get(ARGS, ""), source, line)
    if problem := not_utf8(stdin):
        raise DataError(source, line, STDIN, problem)
    return Case(id, tuple(sorted(env.items())), args=args, stdin=None if stdin == UNSET else stdin), False


def _check_variable(name: str, value: str, source: str, line: int) -> None:
    if problem := not_utf8(name) or not_utf8(value):
        raise DataError(source, line, name, problem)
    try:
        Environment({name: value})
    except ValueError as error:
        raise DataError(source, line, name, str(error)) from None


def _words(cell: str, source: str, line: int) -> tuple[str, ...]:
    if cell == UNSET:
        return ()
    try:
        words = shlex.split(cell)
    except ValueError as error:
        raise DataError(source, line, ARGS, f"words as a shell reads them are expected: {error}") from None
    if problem := not_utf8(cell) or ("words without NUL are expected" if "\0" in cell else ""):
        raise DataError(source, line, ARGS, problem)
    return tuple(words)


def _json_lines(text: str, source: str, id_template: str) -> Iterator[Job]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield partial(_job, line, source, number, id_template), number


def _job(line: str, source: str, number: int, id_template: str) -> tuple[Case, bool]:
    fields = Document(line, source, number).parse()
    return job_from_json(fields, source, number, id_template), fields.has("id")


def job_from_json(fields: Fields, source: str, line: int, id_template: str) -> Case:
    """Return the job that one line describes; its id is made as in a table unless it says one."""
    env, args, stdin = env_from_json(fields), args_from_json(fields), fields.text_or_none(STDIN)
    cells = {name: UNSET if value is None else value for name, value in env}
    cells |= {ARGS: shlex.join(args), STDIN: UNSET if stdin is None else stdin}
    id = fields.text("id") if fields.has("id") else _id(id_template, cells, source, line)
    fields.text("id", "")
    fields.finish()
    return Case(id, env, args=args, stdin=stdin)


def _id(template: str, cells: Mapping[str, str], source: str, line: int) -> str:
    try:
        return template.format_map(cells)
    except (KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        raise DataError(source, line, "", f"the id of a job cannot be made from {template!r}: {error!r}") from None
