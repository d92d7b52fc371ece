"""The inventory as one self-contained HTML page: the script folded, coverage in the margin, the twin beside it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple

from ci_port.shell.coverage import Coverage
from ci_port.shell.inventory import Inventory
from ci_port.shell.listing import Files, atom_json, branch_text
from ci_port.shell.trace import Status, Trace
from ci_port.shell.twins import Twin


class Fold(NamedTuple):
    """Lines that fold into their first."""

    line: int
    end_line: int
    key: str


def render(files: Files, trace: Trace | None, twins: Mapping[str, Twin], coverages: Sequence[Coverage]) -> str:
    """Return the page. It loads nothing: style, program and data stand in it."""
    template = resources.files("ci_port.shell").joinpath("page.html").read_text()
    parts = dict(_parts(files, trace, coverages))
    data = {
        "parts": parts,
        "twins": {
            name: {"text": twin.text, "place": f"{twin.file.name}:{twin.line}"} for name, twin in _used(trace, twins)
        },
        "coverages": [{"name": coverage.name, "runs": coverage.runs} for coverage in coverages],
    }
    body = "".join(_file(name, file, parts) for name, file in files.items())
    # `<` could end the script element, or begin a comment in it.
    filled = {
        "title": html.escape(next(iter(files), "script")),
        "totals": html.escape(_totals(trace, coverages, parts)),
        "files": body,
        "data": json.dumps(data).replace("<", "\\u003c"),
    }
    for name, text in filled.items():
        template = template.replace("{{" + name + "}}", text.encode("utf-8", "backslashreplace").decode())
    return template


def _totals(trace: Trace | None, coverages: Sequence[Coverage], parts: Mapping[str, Any]) -> str:
    texts = [f"{len(trace.rows) if trace else len(parts):,} parts"]
    if trace is not None:
        texts += [f"{trace.count(status):,} {status.value}" for status in Status if trace.count(status)]
    for coverage in coverages:
        taken = sum(branch.taken > 0 for branch in coverage.branches.values())
        texts.append(
            f"{taken:,} of {len(coverage.branches):,} branches taken in {coverage.runs:,} runs ({coverage.name})"
        )
    return " · ".join(texts)


def _parts(files: Files, trace: Trace | None, coverages: Sequence[Coverage]) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = {(row.part.file, row.part.id): row for row in trace.rows} if trace else {}
    for name, file in files.items():
        for function in file.functions:
            yield _key(name, function.name), _part(name, function.name, function.line, f"{function.name}()", rows, ())
        for branch in file.branches:
            key = (name, branch.id)
            covered = [coverage.branches[key] for coverage in coverages]
            part = _part(name, branch.id, branch.line, branch_text(branch), rows, [item.taken for item in covered])
            part["unseen"] = [item.unseen for item in covered]
            part["function"] = branch.function or ""
            part["tests"] = [[atom_json(test) for test in item.tests] for item in covered]
            yield _key(name, branch.id), part


def _part(
    file: str, id: str, line: int, shows: str, rows: Mapping[tuple[str, str], Any], taken: Sequence[int]
) -> dict[str, Any]:
    row = rows.get((file, id))
    declared = row.declared if row else None
    return {
        "file": file,
        "id": id,
        "line": line,
        "shows": shows,
        "status": row.status.value if row else "",
        "twin": (declared.twin or "") if declared else "",
        "reason": (declared.unreachable or "") if declared else "",
        "taken": list(taken),
        "unseen": [],
    }


def _used(trace: Trace | None, twins: Mapping[str, Twin]) -> Iterator[tuple[str, Twin]]:
    names = {row.declared.twin for row in trace.rows if row.declared} if trace else set()
    return ((name, twin) for name, twin in twins.items() if name in names)


def _key(file: str, id: str) -> str:
    return f"{file} {id}"


def _file(name: str, file: Inventory, parts: Mapping[str, Any]) -> str:
    folds = [Fold(item.line, item.end_line, _key(name, item.name)) for item in file.functions]
    folds += [Fold(branch.line, branch.end_line, _key(name, branch.id)) for branch in file.branches]
    lines = file.source.lines
    if lines and not lines[-1]:
        lines = lines[:-1]
    rows = "".join(_rows(lines, nested(folds), folds, parts))
    return f'<section class="file"><h2>{html.escape(name)}</h2><div class="script">{rows}</div></section>'


def nested(folds: Sequence[Fold]) -> list[Fold]:
    """Return the folds of more than one line that lie within each other or apart, outermost first; one a line."""
    kept: list[Fold] = []
    open_until: list[int] = []
    for fold in sorted(folds, key=lambda fold: (fold.line, -fold.end_line)):
        while open_until and open_until[-1] < fold.line:
            open_until.pop()
        inside = not open_until or fold.end_line <= open_until[-1]
        if fold.end_line > fold.line and inside and not (kept and kept[-1].line == fold.line):
            kept.append(fold)
            open_until.append(fold.end_line)
    return kept


def _rows(
    lines: Sequence[str], folds: Sequence[Fold], every: Sequence[Fold], parts: Mapping[str, Any]
) -> Iterator[str]:
    starts = {fold.line: fold for fold in folds}
    keys: dict[int, list[str]] = {}
    for fold in every:
        keys.setdefault(fold.line, []).append(fold.key)
    open_until: list[int] = []
    for number, line in enumerate(lines, 1):
        found = starts.get(number)
        here = sorted(keys.get(number, ()), key=lambda key: key != (found.key if found else ""))
        row = _row(number, line, [parts[key] for key in here], here)
        if found:
            open_until.append(found.end_line)
            yield f'<details data-key="{html.escape(found.key)}"><summary>{row}</summary>'
        else:
            yield row
        while open_until and open_until[-1] <= number:
            open_until.pop()
            yield "</details>"


def _state(part: Mapping[str, Any]) -> str:
    if not part["taken"]:
        return "none"
    if any(part["taken"]):
        return "taken"
    if part["reason"]:
        return "dead"
    return "unseen" if any(part["unseen"]) else "never"


def _row(number: int, line: str, parts: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    marks = []
    for key, part in zip(keys, parts, strict=True):
        taken = sum(part["taken"])
        state = _state(part)
        text = f"{taken:,}" if part["taken"] else "·"
        title = html.escape(f"{part['shows']} {part['status']} {part['twin']}")
        status = part["status"] or "plain"
        marks.append(
            f'<button class="mark {state} {status}" data-key="{html.escape(key)}" title="{title}">{text}</button>'
        )
    code = html.escape(line) or " "
    return (
        f'<span class="row"><span class="number">{number}</span><span class="marks">{"".join(marks)}</span>'
        f"<code>{code}</code></span>"
    )
