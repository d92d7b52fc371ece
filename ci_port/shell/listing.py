"""An inventory as JSON, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ci_port.model import Branch, Condition, Probe, atoms
from ci_port.model.markdown import cell, code, fenced
from ci_port.shell.coverage import AtomCoverage, BranchCoverage, Coverage
from ci_port.shell.decided import Key
from ci_port.shell.inventory import Inventory
from ci_port.shell.trace import Row, Status, Trace

Files = Mapping[str, Inventory]


def to_json(files: Files, trace: Trace | None = None, coverages: Sequence[Coverage] = ()) -> dict[str, Any]:
    """Return everything as one JSON object: the script's own parts at the top, those it sources in `sourced_files`."""
    first, *others = (_file(name, file) for name, file in files.items())
    result = {**first, "sourced_files": others}
    if trace is not None:
        result["trace"] = {
            "parts": [_row(row) for row in trace.rows],
            "answers_no_branch": list(trace.unanswered),
            "gone": [{"file": file, "id": id} for file, id in trace.gone],
        }
    if coverages:
        result["coverage"] = [_coverage(coverage) for coverage in coverages]
    return result


def _file(name: str, file: Inventory) -> dict[str, Any]:
    def uses(writes: bool) -> list[dict[str, Any]]:
        chosen = (use for use in file.uses if use.writes is writes)
        return [{"name": use.name, "line": use.line, "function": use.function} for use in chosen]

    return {
        "script": file.file,
        "name": name,
        "functions": [
            {"name": function.name, "line": function.line, "end_line": function.end_line} for function in file.functions
        ],
        "branches": [branch.to_json() for branch in file.branches],
        "tests": {branch.id: _tests(branch.condition) for branch in file.branches if branch.condition is not None},
        "commands": [
            {
                "name": command.name,
                "words": list(command.words),
                "line": command.line,
                "function": command.function,
                "branch": command.branch,
            }
            for command in file.commands
        ],
        "variables_read": uses(False),
        "variables_written": uses(True),
        "sources": [
            {
                "word": source.word,
                "line": source.line,
                "function": source.function,
                "path": str(source.path) if source.path else None,
            }
            for source in file.sources
        ],
        "calls": [
            {"caller": call.caller, "callee": call.callee, "line": call.line, "mentioned": call.mentioned}
            for call in file.calls
        ],
        "exits": [
            {"name": command.name, "line": command.line, "function": command.function, "branch": command.branch}
            for command in file.exits
        ],
        "unknown": [{"name": item.name, "line": item.line, "column": item.column} for item in file.unknown],
    }


def _tests(condition: Condition) -> list[dict[str, Any]]:
    return [
        {"test": str(atom), "about": "machine" if isinstance(atom, Probe) else "variables", "variables": sorted(names)}
        for atom in atoms(condition)
        for names in [atom.variables()]
    ]


def _row(row: Row) -> dict[str, Any]:
    part = row.part
    return {
        "file": part.file,
        "id": part.id,
        "line": part.line,
        "shows": part.shows,
        "status": row.status.value,
        "twin": row.declared.twin if row.declared else None,
        "unreachable": row.declared.unreachable if row.declared else None,
    }


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "environments": coverage.name,
        "runs": coverage.runs,
        "failed": coverage.failed,
        "branches": [
            {
                "file": file,
                "id": id,
                "taken": branch.taken,
                "passed": branch.passed,
                "not_seen": branch.unseen,
                "tests": [atom_json(test) for test in branch.tests],
            }
            for (file, id), branch in coverage.branches.items()
        ],
    }


def atom_json(test: AtomCoverage) -> dict[str, Any]:
    """Return what is known of a test; `not_seen`: some of its evaluations did not show what it came to."""
    found = {"test": test.text, "true": test.true, "false": test.false, "decides": test.decides}
    return {**found, "not_seen": test.unseen}


# Text.


def text_lines(files: Files) -> Iterator[str]:
    """Yield the inventory for people: totals, then each function with its branches."""
    for file in files.values():
        yield f"{file.file}: {_totals(file)}"
        for item in file.unknown:
            yield f"  not understood, line {item.line} column {item.column}: {item.name}"
        depths: dict[str, int] = {}
        starts = {function.name: function for function in reversed(file.functions)}
        shown: set[str] = set()
        for branch in file.branches:
            if branch.function and branch.function not in shown:
                shown.add(branch.function)
                yield f"{starts[branch.function].line:6}  {branch.function}()"
            depths[branch.id] = depth = depths.get(branch.parent or "", 0 if branch.function is None else 1) + 1
            yield f"{branch.line:6}  {'  ' * (depth - 1)}{branch_text(branch)}"
        plain = [function for function in file.functions if function.name not in shown]
        if plain:
            yield "  functions without branches: " + ", ".join(function.name for function in plain)
        for source in file.sources:
            yield f"{source.line:6}  source {source.word}" + (
                "" if source.path else "  (only a run can tell which file)"
            )


def _totals(file: Inventory) -> str:
    counts = (
        (len(file.functions), "functions"),
        (len(file.branches), "branches"),
        (len(file.commands), "commands"),
        (len({use.name for use in file.uses if not use.writes}), "variables read"),
        (len({use.name for use in file.uses if use.writes}), "variables written"),
        (len(file.exits), "early exits"),
        (len(file.unknown), "unknown"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in counts)


def branch_text(branch: Branch) -> str:
    """Return a branch as one line: its kind and its condition."""
    return f"{branch.kind} {' '.join(branch.text.split())}" if branch.text else branch.kind


def trace_lines(trace: Trace) -> Iterator[str]:
    """Yield the table of parts: place, what it shows, twin, status; then what has no counterpart."""
    width = max((len(f"{row.part.file}:{row.part.line}") for row in trace.rows), default=0)
    for row in trace.rows:
        place = f"{row.part.file}:{row.part.line}"
        yield f"{row.status.value:11}  {place:{width}}  {_cut(row.part.shows, 60):60}  {_twin(row)}"
    yield ", ".join(f"{trace.count(status):,} {status.value}" for status in Status)
    known = sum(bool(row.declared and row.declared.unreachable) for row in trace.rows)
    yield f"{known:,} of all parts are named unreachable, with the reason"
    if trace.unanswered:
        yield f"functions that answer no branch ({len(trace.unanswered)}): " + ", ".join(trace.unanswered)
    for file, id in trace.gone:
        yield f"declared, but no longer in the script: {file} {id}"


def _twin(row: Row) -> str:
    if row.declared is None:
        return ""
    reason = f"({row.declared.unreachable})" if row.declared.unreachable else ""
    return f"{row.declared.twin or ''} {reason}".strip()


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def coverage_lines(coverage: Coverage, files: Files, reasons: Mapping[Key, str]) -> Iterator[str]:
    """Yield how much was covered, and by name what was not."""
    every = coverage.branches
    tests = [test for branch in every.values() for test in branch.tests]
    yield f"{coverage.name}: {coverage.runs:,} runs, {len(coverage.failed)} failed"
    reachable = [key for key in every if key not in reasons]
    yield _share("branches taken", sum(every[key].taken > 0 for key in reachable), len(reachable))
    if unseen := sum(every[key].unseen > 0 and not every[key].taken for key in reachable):
        yield f"  of {unseen:,} more it was not seen whether they were taken"
    yield _share("tests seen true", sum(test.true for test in tests), len(tests))
    yield _share("tests seen false", sum(test.false for test in tests), len(tests))
    yield _share("tests shown to decide on their own (MC/DC)", sum(test.decides for test in tests), len(tests))
    for name, branch, covered in _places(files, coverage):
        key = (name, branch.id)
        if not covered.taken:
            why = f"unreachable: {reasons[key]}" if key in reasons else _untaken(covered)
            yield f"  {name}:{branch.line}: {_cut(branch_text(branch), 70)}: {why}"
        for test in covered.tests if key not in reasons else ():
            if lacking := _lacking(test.true, test.false, test.decides):
                never = "not seen" if test.unseen else "never"
                yield f"  {name}:{branch.line}: {_cut(test.text, 70)}: {never} {lacking}"


def _share(what: str, count: int, total: int) -> str:
    return f"  {count:,} of {total:,} {what}"


def _lacking(true: bool, false: bool, decides: bool) -> str:
    if not true and not false:
        return "evaluated"
    missing = [word for word, seen in (("true", true), ("false", false)) if not seen]
    return " and ".join(missing) if missing else ("" if decides else "shown to decide")


def _untaken(branch: BranchCoverage) -> str:
    return f"not seen (in {branch.unseen:,} runs it may have been taken)" if branch.unseen else "not taken"


def _places(files: Files, coverage: Coverage) -> Iterator[tuple[str, Branch, BranchCoverage]]:
    for name, file in files.items():
        for branch in file.branches:
            yield name, branch, coverage.branches[name, branch.id]


# Markdown.


def markdown_lines(
    files: Files, trace: Trace | None, coverages: Sequence[Coverage], reasons: Mapping[Key, str]
) -> Iterator[str]:
    """Yield the inventory as Markdown, for a step summary or a pull request."""
    rows = {(row.part.file, row.part.id): row for row in trace.rows} if trace else {}
    yield "# Inventory"
    for name, file in files.items():
        yield f"\n## {code(name)}\n\n{_totals(file)}.\n"
        if file.functions:
            yield "Functions: " + ", ".join(
                f"{code(item.name)} ({item.line}–{item.end_line})" for item in file.functions
            )
            yield ""
        titles = ["Line", "Function", "Branch", *(["Twin", "Status"] if trace else []), *(c.name for c in coverages)]
        yield "| " + " | ".join(titles) + " |"
        yield "|" + " --- |" * len(titles)
        for branch in file.branches:
            key = (name, branch.id)
            cells = [
                str(branch.line),
                cell(branch.function) if branch.function else "",
                cell(_cut(branch_text(branch), 90)),
            ]
            if trace:
                row = rows[key]
                twin = row.declared.twin if row.declared else None
                cells += [cell(twin) if twin else "", row.status.value]
            cells += [_taken(coverage.branches[key], reasons.get(key)) for coverage in coverages]
            yield "| " + " | ".join(cells) + " |"
        for item in file.unknown:
            yield f"\nNot understood, line {item.line} column {item.column}: {code(item.name)}"
    if trace and trace.unanswered:
        yield "\nFunctions that answer no branch: " + ", ".join(code(name) for name in trace.unanswered)
    for coverage in coverages:
        yield f"\n## Coverage\n\n{fenced(coverage_lines(coverage, files, reasons))}"


def _taken(branch: BranchCoverage, reason: str | None) -> str:
    if branch.taken:
        return f"{branch.taken:,} runs"
    return f"unreachable: {cell(reason)}" if reason else f"**{_untaken(branch)}**"
