"""A report for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_port.bash.quoting import quoted, visible
from ci_port.model import Case, Place
from ci_port.model.case import case_to_json
from ci_port.model.plan import dumps
from ci_port.parity.compare import Failure, Result, Shape, Verdict
from ci_port.parity.places import place_text
from ci_port.parity.render.columns import side_by_side
from ci_port.parity.render.facts import variables
from ci_port.parity.render.style import Style
from ci_port.parity.report import Report
from ci_port.parity.sweep import Group, Summary
from ci_port.parity.wording import Word, aligned, guess, sides

SHOWN = 10
_IDS = 3


def report_lines(
    report: Report, base: Mapping[str, str], command: str, flags: Sequence[str], style: Style, width: int
) -> Iterator[str]:
    """Yield all of a report that is not the same, the most frequent first, at most `SHOWN` changes, and the counts."""
    for finding in report.findings[:SHOWN]:
        yield from group_lines(finding.group, style, width)
        if finding.minimal != finding.example.case:
            yield f"  smallest environment: {variables(finding.minimal)}"
        yield "  both plans in full:"
        yield from (f"    {line}" for line in see_both(finding.example, base, command, flags))
        yield ""
    if len(report.findings) > SHOWN:
        more = sum(len(finding.group.results) for finding in report.findings[SHOWN:])
        yield f"... and {len(report.findings) - SHOWN:,} more changes in {more:,} cases; --report FILE writes them all"
        yield ""
    others = [*untrusted_lines(report.results), *not_ported_lines(report.results), *waiver_lines(report)]
    yield from others
    if others:
        yield ""
    yield summary_line(report.summary, style)


def waiver_lines(report: Report) -> Iterator[str]:
    """Yield what each waiver excuses, or what is wrong with it."""
    for use in report.waivers:
        what = use.problem or f"{use.waiver.reason} (until {use.waiver.expires})"
        yield visible(f"waiver of {use.waiver.owner} for {use.waiver.branch}: {what}")
        if use.cases:
            yield f"  excuses {len(use.cases):,} of the cases"


def summary_line(summary: Summary, style: Style) -> str:
    """Return the counts on one line."""
    counts = []
    for verdict in Verdict:
        text = f"{summary.counts[verdict]:,} {verdict.value}"
        if summary.counts[verdict]:
            text = style.good(text) if verdict is Verdict.SAME else style.bad(text)
        counts.append(text)
    return f"{summary.total:,} cases: {', '.join(counts)}"


def ids_text(results: Sequence[Result]) -> str:
    """Return the first ids and how many more there are."""
    shown = ", ".join(visible(result.case.id) for result in results[:_IDS])
    return shown + (f" and {len(results) - _IDS:,} more" if len(results) > _IDS else "")


def group_lines(group: Group, style: Style, width: int) -> Iterator[str]:
    """Yield one change: which cases show it, and its first differing step side by side."""
    found = group.results[0].difference
    assert found is not None, "a group is made of differences"
    count = len(group.results)
    yield style.bold(f"{count:,} {'case' if count == 1 else 'cases'}: {ids_text(group.results)}")
    yield f"  step {found.index + 1}, {_SHAPES[found.shape]}"
    left, right = sides(found)
    words, beside = aligned(left.words, right.words), aligned(left.notes, right.notes)
    yield from side_by_side(
        [_heading("script", group.control_place), words[0] or _NOTHING, *_beside(beside[0])],
        [_heading("port", group.candidate_place), words[1] or _NOTHING, *_beside(beside[1])],
        style,
        width,
    )


_NOTHING = [Word("(nothing)", False)]
_SHAPES = {
    Shape.CHANGED: "not the same on both sides:",
    Shape.LEFT_OUT: "which the port leaves out:",
    Shape.ADDED: "which only the port has:",
    Shape.SWAPPED: "where the port has two steps the other way round:",
    Shape.STATUS: "after which only the exit status differs:",
}


def _heading(side: str, place: Place | None) -> list[Word]:
    text = f"{side}: {visible(place_text(place)) if place else 'place unknown'}"
    return [Word(word, False) for word in text.split(" ")]


def _beside(remarks: Sequence[Word]) -> list[list[Word]]:
    return [[Word("#", False), remark] for remark in remarks]


def see_both(result: Result, base: Mapping[str, str], command: str, flags: Sequence[str]) -> Iterator[str]:
    """Yield the two commands that show both plans of a result, ready to paste into a shell.

    `base` is the world's environment: what a case merely repeats of it needs no flag.
    """
    case = result.case
    for implementation in ("shell", "python"):
        plan = [command, "plan", "--impl", implementation, *flags]
        if case.world is not None or case.args or case.stdin is not None:
            line = quoted(dumps(case_to_json(case)))
            yield f"printf '%s\\n' {line} | {_joined([*plan, '--cases', '-', '--format', 'text'])}"
        else:
            yield _joined([*plan, *_environment_flags(case, base)])


def _joined(words: Iterable[str]) -> str:
    return " ".join(map(quoted, words))


def _environment_flags(case: Case, base: Mapping[str, str]) -> Iterator[str]:
    for name, value in case.env:
        if value is None:
            if name in base:
                yield from ("--unset", name)
        elif base.get(name) != value:
            yield from ("--env", f"{name}={value}")


def untrusted_lines(results: Iterable[Result]) -> Iterator[str]:
    """Yield each reason not to trust a result, once, with what settles it and the cases that have it."""
    reasons: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        for failure in result.failures:
            reasons.setdefault((f"failed: {failure_text(failure)}", ""), []).append(result)
        for probe in result.unanswered:
            reason = f"{guess(probe)} ({place_text(probe.place)})"
            reasons.setdefault((reason, probe.paste), []).append(result)
    for (reason, paste), members in reasons.items():
        yield visible(f"untrusted, {reason}")
        if paste:
            yield f"  to settle it: {paste}"
        yield f"  {len(members):,} of the cases: {ids_text(members)}"


def failure_text(failure: Failure) -> str:
    """Return which side failed, where and why."""
    where = f"{place_text(failure.place)}: " if failure.place else ""
    return f"{failure.side}: {where}{failure.problem}" + (f" (command: {failure.command})" if failure.command else "")


def not_ported_lines(results: Iterable[Result]) -> Iterator[str]:
    """Yield each branch that the port lacks, with the cases that need it."""
    branches: dict[str, list[Result]] = {}
    for result in results:
        if result.branch:
            branches.setdefault(result.branch, []).append(result)
    for branch, members in branches.items():
        yield visible(f"not ported: {branch}")
        yield f"  {len(members):,} of the cases: {ids_text(members)}"
