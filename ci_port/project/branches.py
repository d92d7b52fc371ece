"""Joins results with the script's inventory: in which branch a place stands, and which branches ran."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from ci_port.model import Branch, Place, World
from ci_port.model.errors import CannotRun, UsageError
from ci_port.parity import Result
from ci_port.parity.waivers import BranchOf, Use, apply, load_waivers
from ci_port.project.file import Project


def waiver_uses(project: Project, world: World, results: Iterable[Result]) -> tuple[Use, ...]:
    """Return the waivers of the project and what they excuse; raises DataError for a file that is none."""
    waivers = load_waivers(project.waivers)
    if not waivers:
        return ()

    def start(result: Result) -> dict[str, str]:
        return dict(world.overlaid(result.case.world).start(dict(result.case.env)))

    today = datetime.datetime.now(datetime.timezone.utc).date()
    return apply(waivers, results, branch_finder(project.script), start, today)


def branch_finder(script: Path) -> BranchOf:
    """Return what names the branch of a place: the id of the innermost arm, else its function, else `(top)`.

    The script is read when the first place is asked for.
    """

    @functools.lru_cache(maxsize=1)
    def branches() -> dict[str, list[Branch]]:
        return _branches(script)

    def branch_of(place: Place | None) -> str:
        if place is None:
            return ""
        inside = [
            branch
            for branch in branches().get(Path(place.file).name, ())
            if branch.line <= place.line <= branch.end_line and branch.body[0] <= place.line
        ]
        if inside:
            return max(inside, key=lambda branch: branch.body[0]).id
        return place.functions[0] if place.functions else "(top)"

    return branch_of


def _branches(script: Path) -> dict[str, list[Branch]]:
    try:
        from ci_port.shell import ScriptError, read_script
    except ImportError as error:
        raise CannotRun(
            f"waivers name branches, and to list those {error.name} is needed: install ci_port[parity]"
        ) from None
    try:
        inventory = read_script(script)
    except ScriptError as error:
        raise UsageError(str(error)) from None
    return {Path(file.file).name: list(file.branches) for file in inventory.every()}


# Arms whose inside stands on lines of its own, so that executed lines tell whether it was entered.
_KINDS = frozenset({"if", "elif", "else", "case", "for", "while", "until"})


def branch_coverage(script: Path, lines: Mapping[str, Iterable[int]]) -> dict[str, object] | None:
    """Return how many branches ran in at least one case, and which did not; None where the script cannot be read.

    Branches that share a line with their condition are left out: lines do not tell whether those were taken.
    `ci-port inventory --coverage` tells it for all, from the courses of runs.
    """
    try:
        found = _branches(script)
    except (CannotRun, UsageError):
        return None
    ran = {Path(file).name: set(numbers) for file, numbers in lines.items()}
    taken, missed = 0, []
    for file, branches in found.items():
        conditions = {branch.line for branch in branches}
        for branch in branches:
            if branch.kind not in _KINDS or branch.body[0] in conditions:
                continue
            if any(branch.body[0] <= line <= branch.body[1] for line in ran.get(file, ())):
                taken += 1
            else:
                missed.append(f"{file}: {branch.id}")
    return {"taken": taken, "total": taken + len(missed), "missed": missed}
