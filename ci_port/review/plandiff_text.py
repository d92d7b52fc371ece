"""What a change does to the plans, for a terminal and for a comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from ci_port.bash.quoting import visible
from ci_port.model.markdown import code
from ci_port.parity.render.style import Style
from ci_port.review.plandiff import Group, PlanDiff

_SHOWN = 3
Shown = Callable[[str], str]


def text_lines(diff: PlanDiff, style: Style) -> Iterator[str]:
    """Yield the difference for a terminal."""
    for group in diff.groups:
        where = _where(group)
        mark = style.good("=") if group.agreed and len(diff.sides) > 1 else style.bad("!") if where else style.bold("~")
        yield f"{mark} {style.bold(_in_jobs(group, diff.total))}{style.bad(where)}"
        yield f"    {_ids(group.all_jobs, visible)}"
    for line in _other_lines(diff, visible):
        yield style.bad(line)
    yield from (f"note: {visible(note)}" for note in diff.notes)
    yield (style.bad if diff.moved else style.good)(f"{_changed(diff)}{diff.verdict}")


def markdown(diff: PlanDiff) -> str:
    """Return the difference for a comment on a pull request, at most 60,000 characters."""
    head = f"### {'🔀' if diff.moved else '✅'} {diff.verdict}\n\n{_changed(diff)}\n"
    body = ""
    groups = diff.groups
    for number, group in enumerate(groups):
        item = f"- {_in_jobs(group, diff.total)}{_where(group)}\n{_details(group)}"
        if len(head) + len(body) + len(item) > _LIMIT:
            body += f"- … and {len(groups) - number:,} more changes\n"
            break
        body += item
    others = "".join(f"- {line}\n" for line in _other_lines(diff, code))
    notes = "".join(f"\n> {code(note)}\n" for note in diff.notes)
    return f"{head}\n{body}{others[:4000]}{notes}"


_LIMIT = 55_000
_LISTED = 30


def _details(group: Group) -> str:
    jobs = group.all_jobs
    listed = "<br>".join(f"<code>{escape(visible(id))}</code>" for id in jobs[:_LISTED])
    more = f"<br>… and {len(jobs) - _LISTED:,} more" if len(jobs) > _LISTED else ""
    return f"  <details><summary>jobs</summary>{listed}{more}</details>\n"


def _in_jobs(group: Group, total: int) -> str:
    return f"{group.edit} in {len(group.all_jobs):,} of {total:,} jobs"


def _where(group: Group) -> str:
    """Return which side has the edit, where not every one has it in the same jobs."""
    if group.agreed:
        return ""
    having = {name: jobs for name, jobs in group.jobs.items() if jobs}
    if len(having) == 1:
        return f" — only the {next(iter(having))}"
    return " — " + ", ".join(f"the {name} in {len(jobs):,}" for name, jobs in having.items())


def _ids(ids: Sequence[str], shown: Shown) -> str:
    return ", ".join(map(shown, ids[:_SHOWN])) + (f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else "")


def _changed(diff: PlanDiff) -> str:
    moved = {name: len(side.changed) for name, side in diff.sides.items() if side.changed}
    if not moved:
        return ""
    counts = ", ".join(f"{name} {count:,}" for name, count in moved.items())
    return f"{len(diff.changed):,} of {diff.total:,} jobs change ({counts}). "


_OTHERS = {
    "broken": "can no longer be planned",
    "mended": "can be planned now, and could not before",
    "failing": "could not be planned before, and cannot now",
}


def _other_lines(diff: PlanDiff, shown: Shown) -> Iterator[str]:
    for name, side in diff.sides.items():
        for table, what in _OTHERS.items():
            for reason, ids in getattr(side, table).items():
                yield f"{name}: {len(ids):,} of {diff.total:,} jobs {what} ({_ids(ids, shown)}): {shown(reason)}"
    for name, reason in diff.absent.items():
        yield f"{name}: not compared: {shown(reason)}"
    for problem in diff.unread:
        yield f"a plan cannot be read: {shown(problem)}"
    for ids, what in ((diff.lost, "lost"), (diff.new, "new")):
        if ids:
            yield f"{len(ids):,} {'job is' if len(ids) == 1 else 'jobs are'} {what}: {_ids(ids, shown)}"
