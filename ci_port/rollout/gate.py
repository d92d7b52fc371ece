"""The gate of a phase: what must hold before it may start, each requirement with its figure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_port.model import Case
from ci_port.parity.compare import Result, Verdict
from ci_port.parity.reader import BadReport
from ci_port.parity.report import Report, Space, Subjects
from ci_port.rollout.evidence import Figures, figures, since
from ci_port.rollout.phases import Gate, Phase, Rollout
from ci_port.rollout.records import MOMENT, Evidence


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must hold: whether it does, what was found, and what was asked for."""

    name: str
    holds: bool
    found: str
    asked: str


@dataclass(frozen=True, slots=True)
class Present:
    """The world as it is now, to which reports are held: subjects, CI's jobs, spaces by name (None: not there)."""

    subjects: Subjects
    jobs: Sequence[Case]
    spaces: Mapping[str, Space | None]
    now: datetime.datetime
    variables: Callable[[str], Mapping[str, str]]


def requirements(
    rollout: Rollout,
    phase: Phase,
    reports: Sequence[Report | BadReport],
    evidence: Sequence[Evidence] | None,
    present: Present,
) -> list[Requirement]:
    """Return all requirements of a phase's gate; one that has none is open.

    Without evidence (None) only what a change of the script or of the port has to keep is asked for.
    """
    gate = phase.gate
    if gate is None:
        return [Requirement("gate", True, "none", "this phase asks for nothing")]
    whole = [report for report in reports if isinstance(report, Report)]
    found = list(_readable(reports))
    if whole:
        found += _fresh(whole, gate, present)
        found += _complete(whole, rollout, phase, gate, present)
        found += _clean(whole, rollout, phase, gate, present)
    if gate.needs_evidence and evidence is not None:
        found += _proven(rollout, phase, gate, evidence, present)
    return found


def _readable(reports: Sequence[Report | BadReport]) -> Iterator[Requirement]:
    if not reports:
        yield Requirement("report", False, "none", "a report of `ci-port parity --report FILE`")
    for report in reports:
        if isinstance(report, BadReport):
            yield Requirement(f"report is {_SOUND[report.fault.value]}", False, str(report), "a report as it was made")
        else:
            yield Requirement("report is whole", True, f"made {report.made}", "a report as it was made")


_SOUND = {
    "unreadable": "readable",
    "foreign": "ours",
    "other version": "of this version",
    "edited": "unedited",
    "contradictory": "consistent",
}


def _fresh(reports: Sequence[Report], gate: Gate, present: Present) -> Iterator[Requirement]:
    for name, now in present.subjects.items():
        theirs = {dict(report.subjects.items())[name].fingerprint for report in reports}
        other = sorted(print_ for print_ in theirs if print_ != now.fingerprint)
        found = f"compared {other[0][:12]}" if other else f"{now.fingerprint[:12]}"
        yield Requirement(f"{name} is the one compared", not other, found, f"{now.fingerprint[:12]} ({now.name})")
    for report in reports:
        made = datetime.datetime.strptime(report.made, MOMENT).replace(tzinfo=datetime.timezone.utc)
        age = (present.now - made).total_seconds() / 86400
        # A clock may be a little off; a report from tomorrow is made up.
        holds = -0.01 <= age <= gate.report_days
        yield Requirement("report is fresh", holds, f"{age:.1f} days old", f"at most {gate.report_days} days old")


def _key(case: Case) -> tuple[object, ...]:
    return (case.env, case.world, case.args, case.stdin)


def _complete(
    reports: Sequence[Report], rollout: Rollout, phase: Phase, gate: Gate, present: Present
) -> Iterator[Requirement]:
    compared = {_key(result.case) for report in reports for result in report.results}
    jobs = _jobs(rollout, phase, present)
    missing = [job for job in jobs if _key(job) not in compared]
    found = f"{len(jobs) - len(missing):,} of {len(jobs):,} jobs"
    if missing:
        found += f"; {missing[0].id} is missing"
    yield Requirement("jobs are all compared", bool(jobs) and not missing, found, f"all jobs up to phase {phase.id}")
    claimed = {(space.name, space.fingerprint): space for report in reports for space in report.spaces}
    for name in gate.spaces:
        yield _space(name, present.spaces.get(name), {key for key in claimed if key[0] == name})


def _space(name: str, now: Space | None, claimed: set[tuple[str, str]]) -> Requirement:
    title = f"space {name} is all compared"
    if now is None:
        return Requirement(title, False, "its cases are not here", "the file of its cases")
    asked = f"{now.cases:,} cases, {now.fingerprint[:12]}"
    if not claimed:
        return Requirement(title, False, "the report does not have it", asked)
    holds = (name, now.fingerprint) in claimed
    return Requirement(title, holds, asked if holds else f"other cases, {min(claimed)[1][:12]}", asked)


def _jobs(rollout: Rollout, phase: Phase, present: Present) -> list[Case]:
    return [job for job in present.jobs if rollout.switched_on(phase, dict(job.env))]


def _clean(
    reports: Sequence[Report], rollout: Rollout, phase: Phase, gate: Gate, present: Present
) -> Iterator[Requirement]:
    jobs = {_key(job) for job in _jobs(rollout, phase, present)}
    excused = {id for report in reports for id in report.excused}
    concerned = [
        entry.result
        for report in reports
        for entry in report.entries
        if _key(entry.result.case) in jobs or entry.space in gate.spaces
    ]
    for name, verdict in _OFF.items():
        off = [result for result in concerned if result.verdict is verdict and result.case.id not in excused]
        yield Requirement(f"no case is {name}", not off, _count(off, len(concerned)), f"0 of {len(concerned):,} cases")
    failing = [use for report in reports for use in report.waiver_problems]
    today = present.now.date()
    expired = [use for report in reports for use in report.waivers if use.waiver.expired(today)]
    problems = {use.waiver: use.problem or f"expired on {use.waiver.expires}" for use in [*failing, *expired]}
    found = "; ".join(f"{waiver.branch}: {problem}" for waiver, problem in problems.items()) or "all in order"
    yield Requirement("waivers are in order", not problems, found, "none stale, none past its day")


_OFF = {"different": Verdict.DIFFERENT, "not ported": Verdict.NOT_PORTED, "untrusted": Verdict.UNTRUSTED}


def _count(off: Sequence[Result], total: int) -> str:
    first = f"; {off[0].case.id} is one" if off else ""
    return f"{len(off):,} of {total:,} cases{first}"


def _proven(
    rollout: Rollout, phase: Phase, gate: Gate, evidence: Sequence[Evidence], present: Present
) -> Iterator[Requirement]:
    first, last = since(present.now, gate.window_days), since(present.now, 0)
    recent = [record for record in evidence if first <= record.time <= last]
    shadowed, running = _evidence_for(rollout, phase, recent, present)
    window = f"in {gate.window_days} days"
    asked = f"at least {gate.shadow_runs:,} {window}"
    yield Requirement("shadow runs", shadowed.shadow >= gate.shadow_runs, f"{shadowed.shadow:,}", asked)
    yield Requirement(
        "live runs", running.live >= gate.live_runs, f"{running.live:,}", f"at least {gate.live_runs:,} {window}"
    )
    yield _rate(
        "mismatch rate", shadowed.mismatches, shadowed.shadow, shadowed.mismatch_percent, gate.max_mismatch_percent
    )
    yield _rate("fallback rate", running.fallbacks, running.live, running.fallback_percent, gate.max_fallback_percent)


def _rate(name: str, count: int, total: int, percent: float, limit: float) -> Requirement:
    return Requirement(name, percent <= limit, f"{percent:.2f} % ({count:,} of {total:,})", f"at most {limit:g} %")


def _evidence_for(
    rollout: Rollout, phase: Phase, records: Iterable[Evidence], present: Present
) -> tuple[Figures, Figures]:
    """Return the figures of the jobs that the phase is about, and of those that already run with the port.

    Shadow runs speak for all jobs up to the phase; live runs for the phases before it.
    """
    before = rollout.upto(phase)[-2] if len(rollout.upto(phase)) > 1 else None
    about, earlier = [], []
    for record in records:
        job = present.variables(record.job)
        if not job or not rollout.switched_on(phase, job):
            continue
        about.append(record)
        if before is not None and rollout.switched_on(before, job):
            earlier.append(record)
    return figures(about), figures(earlier)


def is_open(found: Iterable[Requirement]) -> bool:
    """Return whether all requirements hold."""
    return all(requirement.holds for requirement in found)
