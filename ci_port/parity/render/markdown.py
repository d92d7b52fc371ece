"""Markdown for a GitHub step summary or a comment: short, and cut where GitHub would refuse it."""

from __future__ import annotations

from collections.abc import Iterator

from ci_port.model.markdown import cell, code, fenced
from ci_port.parity.render.facts import counts_line, place_text, problems, variables
from ci_port.parity.report import Finding, Report
from ci_port.parity.wording import command_words, notes

# GitHub refuses a step summary above 1 MiB and a comment above 65,536 characters.
LIMIT = 60_000
_IDS = 20


def markdown(report: Report) -> str:
    """Return the report in Markdown, at most LIMIT characters."""
    blocks = list(_blocks(report))
    text = ""
    for number, block in enumerate(blocks):
        if len(text) + len(block) > LIMIT - 200:
            return text + f"\n… {len(blocks) - number:,} more sections; the JSON and HTML reports have them all.\n"
        text += block
    return text


def _blocks(report: Report) -> Iterator[str]:
    yield f"## {'✅ Parity holds' if report.good else '❌ Parity does not hold'}\n\n{counts_line(report)}\n\n"
    yield _compared(report)
    for number, finding in enumerate(report.findings, 1):
        yield _finding(number, finding, report)
    others = [problem for problem in problems(report) if problem.kind != "different"]
    if others:
        rows = (
            f"| {p.kind} | {cell(p.message)} | {cell(place_text(p.script or p.port))} | {len(p.cases):,} |"
            for p in others
        )
        yield "\n### Also\n\n| what | why | where | cases |\n|---|---|---|---:|\n" + "\n".join(rows) + "\n"
    if report.waivers:
        rows = (
            f"| {cell(use.waiver.branch)} | {cell(use.waiver.reason)} | {cell(use.waiver.owner)} "
            f"| {use.waiver.expires} | {len(use.cases):,} | {cell(use.problem) if use.problem else 'in order'} |"
            for use in report.waivers
        )
        head = "| branch | reason | owner | until | cases | state |\n|---|---|---|---|---:|---|\n"
        yield f"\n### Waivers\n\n{head}" + "\n".join(rows) + "\n"
    yield _details(report)


def _compared(report: Report) -> str:
    rows = [f"| {name} | {cell(one.name)} | `{one.fingerprint[:12]}` |" for name, one in report.subjects.items()]
    spaces = ", ".join(f"{code(space.name)} ({space.cases:,})" for space in report.spaces)
    return (
        "| compared | name | fingerprint |\n|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nSpaces: {spaces}. Made {report.made}.\n"
    )


def _finding(number: int, finding: Finding, report: Report) -> str:
    found, group = finding.example.difference, finding.group
    assert found is not None, "a finding is made of a difference"
    ids = [result.case.id for result in group.results]
    excused = sum(id in report.excused for id in ids)
    wanted = f", {excused:,} of them wanted" if excused else ""
    lines = [f"\n### {number}. {len(ids):,} {'case' if len(ids) == 1 else 'cases'}{wanted}: step {found.index + 1}\n"]
    lines.append(f"Script {code(place_text(group.control_place))}, port {code(place_text(group.candidate_place))}\n")
    shown = []
    for sign, step, status in (
        ("-", found.control, found.control_status),
        ("+", found.candidate, found.candidate_status),
    ):
        words = command_words(step) if step else (f"(end, exit {status})",)
        shown.append(f"{sign} {' '.join(words)}")
        shown += [f"{sign}   # {note}" for note in (notes(step) if step else ())]
    lines.append(fenced(shown, "diff") + "\n")
    lines += [f"- {edit}" for edit in finding.edits[:_IDS]]
    lines.append(f"\nSmallest environment: {code(variables(finding.minimal))}\n")
    listed = "\n".join(f"- {code(id)}" for id in ids[:_IDS])
    more = f"\n- … and {len(ids) - _IDS:,} more" if len(ids) > _IDS else ""
    lines.append(f"<details><summary>Cases</summary>\n\n{listed}{more}\n\n</details>\n")
    return "\n".join(lines)


def _details(report: Report) -> str:
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.durations.items())
    notes_ = "".join(f"\n{code(note)}\n" for note in report.notes)
    return f"\nTimes: {times}.\n{notes_}" if times else notes_
