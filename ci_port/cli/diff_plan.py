"""`ci-port diff-plan BASE [HEAD]`: which jobs do something else after a change, grouped by identical change."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_port.cli import plansets, revisions, status, untouched
from ci_port.cli.cases import load_case_files, load_jobs
from ci_port.cli.options import add_jobs_option, add_project_options, jobs_of, project_of
from ci_port.cli.plansets import Cache, PlanSet, outcomes
from ci_port.cli.project import Project
from ci_port.cli.revisions import Tree
from ci_port.cli.status import UsageError
from ci_port.cli.subjects import port_files
from ci_port.cli.terminal import style_for
from ci_port.model import Case, RunFailed
from ci_port.model.fingerprint import of_data, of_directory, of_files
from ci_port.model.plan import dumps
from ci_port.model.world import load_world
from ci_port.parity.plandiff import PLANS, Outcome, Paint, PlanDiff, compare_sets, markdown, text_lines

SCRIPT = "script"
PORT = "port"
ABOUT = """\
Show which jobs' plans change between two revisions, grouped by identical change: for the script, the port, or both.

BASE and HEAD are git revisions (HEAD left out: the working tree, with all that is not committed), or two scripts,
or two files of plans as `ci-port plan --cases` prints them (*.jsonl, *.jsonl.gz).
"""
EXAMPLES = """\
A line is one change and the jobs that have it. `=` both sides have it in the same jobs, `!` only one side has it.

examples:
  {prog} main
  {prog} v1.2 HEAD --format markdown
  {prog} old/test.sh new/test.sh
  {prog} before.jsonl after.jsonl --format json
"""


def add(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.set_defaults(run=run)
    command.add_argument("base", metavar="BASE", help="a git revision, a script, or a file of plans")
    command.add_argument("head", metavar="HEAD", nargs="?", help="the same; without it: the working tree")
    command.add_argument("--side", choices=(SCRIPT, PORT, "both"), default="both", help="what to look at")
    command.add_argument("--cases", nargs="+", metavar="FILE", help="cases instead of CI's jobs; - is stdin")
    command.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="what to print")
    command.add_argument("--no-cache", action="store_true", help="remember no plans, and use none of the last time")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port diff-plan`: 0 nothing changes, 1 something does, 4 some job could not be planned."""
    diff = _diff(arguments)
    if arguments.format == "json":
        print(dumps(diff.to_json()))
    elif arguments.format == "markdown":
        print(markdown(diff), end="")
    else:
        style = style_for(sys.stdout)
        for line in text_lines(diff, Paint(style.bold, style.good, style.bad)):
            print(line)
    if diff.moved:
        return status.DIFFERENT
    return status.SIDE_FAILED if any(side.failing for side in diff.sides.values()) else status.SAME


def _diff(arguments: argparse.Namespace) -> PlanDiff:
    base, head = Path(arguments.base), Path(arguments.head) if arguments.head else None
    if _is_plan_set(base) or (head and _is_plan_set(head)):
        return _of_plan_sets(base, head)
    work = _Work.of(arguments)
    if head is not None and base.is_file() and head.is_file():
        _check_plain(work, (arguments.base, arguments.head))
        return _of_scripts(base, head, work)
    return _of_revisions(arguments.base, arguments.head, work, arguments.side)


def _is_plan_set(path: Path) -> bool:
    return path.name.endswith((".jsonl", ".jsonl.gz"))


def _check_plain(work: _Work, names: Sequence[str]) -> None:
    """Raise UsageError for a file that is called like a revision: which of them is meant must be written clearly."""
    try:
        root = revisions.repository(work.project.script)
    except UsageError:
        return
    for text in names:
        if "/" not in text and revisions.is_revision(root, text):
            raise UsageError(f"{text} is a file and a revision; write ./{text}, or refs/heads/{text}")


@dataclass(frozen=True)
class _Work:
    """What all recordings share."""

    project: Project
    cases: Sequence[Case]
    jobs: int
    cache: Cache
    about: str

    @staticmethod
    def of(arguments: argparse.Namespace) -> _Work:
        project = project_of(arguments)
        cases = load_case_files(arguments.cases) if arguments.cases else load_jobs(project.jobs, project.job_id)
        if not cases:
            raise UsageError("there is no job to compare: the files hold none")
        cache = Cache(None if arguments.no_cache else plansets.cache_directory())
        about = plansets.cases_fingerprint(project.world, cases)
        return _Work(project, cases, jobs_of(arguments), cache, about)

    def scripts(self, before: Path, after: Path) -> tuple[PlanSet, PlanSet]:
        """Return the plans of two scripts. What the change cannot touch is not recorded a second time."""
        old, new = self._script(before), self._script_key(after)
        return old, self.cache.of(new, lambda: self._after(before, after, old))

    def _script_key(self, script: Path) -> list[str]:
        return plansets.script_key(script, self.about)

    def _script(self, script: Path) -> PlanSet:
        world = load_world(self.project.world)
        return self.cache.of(
            self._script_key(script), lambda: plansets.record_script(script, world, self.cases, self.jobs)
        )

    def _after(self, before: Path, after: Path, old: PlanSet) -> PlanSet:
        touched = untouched.touched(before, after)
        again = [case for case in self.cases if touched(old[case.id].lines)]
        fresh = plansets.record_script(after, load_world(self.project.world), again, self.jobs) if again else {}
        return {case.id: fresh.get(case.id) or old[case.id] for case in self.cases}

    def port(self, tree: Tree) -> PlanSet:
        """Return the plans of the port of a tree; raises RunFailed where it cannot be asked."""
        key = [PORT, self.project.port, _port_fingerprint(tree, self.project.port), self.about]
        return self.cache.of(
            key, lambda: plansets.plan_port(tree.root, self.project.port, self.project.world, self.cases)
        )


def _of_plan_sets(base: Path, head: Path | None) -> PlanDiff:
    if head is None:
        raise UsageError(f"{base} holds plans; name a second file of plans to compare it with")
    before, after = (outcomes(plansets.read_plan_set(path)) for path in (base, head))
    gone, new = [id for id in before if id not in after], [id for id in after if id not in before]
    notes = [f"{len(ids):,} jobs stand only in {path}" for ids, path in ((gone, base), (new, head)) if ids]
    diff = compare_sets(before, after)
    return PlanDiff(len(before.keys() & after.keys()), {PLANS: diff}, {}, tuple(notes))


def _of_scripts(base: Path, head: Path, work: _Work) -> PlanDiff:
    before, after = work.scripts(base, head)
    return PlanDiff(len(work.cases), {SCRIPT: compare_sets(outcomes(before), outcomes(after))}, {})


def _of_revisions(base: str, head: str | None, work: _Work, side: str) -> PlanDiff:
    script = work.project.script.resolve()
    root = revisions.repository(script)
    for text in filter(None, (base, head)):
        if not revisions.is_revision(root, text):
            raise UsageError(f"{text} is no revision of {root}, and no script or file of plans either")
    paths = _Paths.of(root, work.project)
    with _trees(root, base, head, paths.all) as (before, after):
        sides: dict[str, tuple[Mapping[str, Outcome], Mapping[str, Outcome]]] = {}
        absent: dict[str, str] = {}
        for name, compared in ((SCRIPT, _scripts), (PORT, _ports)):
            if side in (name, "both"):
                found = compared(before, after, paths, work)
                if isinstance(found, str):
                    absent[name] = found
                else:
                    sides[name] = found
    diffs = {name: compare_sets(*both) for name, both in sides.items()}
    return PlanDiff(len(work.cases), diffs, absent)


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where script and port stand below the root of the repository; None: somewhere else."""

    script: str
    port: str | None
    package: str | None

    @staticmethod
    def of(root: Path, project: Project) -> _Paths:
        script = project.script.resolve().relative_to(root.resolve()).as_posix()
        file = _file_of(project.port)
        if file is None or not file.is_relative_to(root.resolve()):
            return _Paths(script, None, None)
        below = file.relative_to(root.resolve())
        # The whole top package comes along: a port is planned by the code that it came with.
        depth = len(project.port.partition(":")[0].split("."))
        parts = below.parts[: -depth if below.name != "__init__.py" else -depth - 1]
        package = Path(*parts, project.port.partition(":")[0].split(".")[0])
        top = package if depth > 1 or below.name == "__init__.py" else below
        return _Paths(script, below.as_posix(), top.as_posix())

    @property
    def all(self) -> list[str]:
        folder = str(Path(self.script).parent)
        return [folder, *([self.package] if self.package else [])]

    @property
    def port_root(self) -> str:
        """Return the folder to put on Python's path, relative to the tree."""
        assert self.package is not None, "a port that is elsewhere has no root here"
        return str(Path(self.package).parent)


def _file_of(port: str) -> Path | None:
    with contextlib.suppress(UsageError):
        files = port_files(port)
        return next((path for path in files if path.name == "__init__.py"), files[0])
    return None


@contextlib.contextmanager
def _trees(root: Path, base: str, head: str | None, paths: Sequence[str]) -> Iterator[tuple[Tree, Tree]]:
    with contextlib.ExitStack() as stack:
        if head is None:
            after = revisions.working_tree(root)
        else:
            # What is in HEAD is named as in the working tree, and may have had another name in either revision.
            after = stack.enter_context(revisions.checked_out(root, head, paths, None))
        yield stack.enter_context(revisions.checked_out(root, base, paths, None)), after


Compared = Callable[[Tree, Tree, _Paths, _Work], "tuple[Mapping[str, Outcome], Mapping[str, Outcome]] | str"]


def _scripts(
    before: Tree, after: Tree, paths: _Paths, work: _Work
) -> tuple[Mapping[str, Outcome], Mapping[str, Outcome]] | str:
    both = [tree.find(paths.script) for tree in (before, after)]
    for tree, script in zip((before, after), both, strict=True):
        if script is None:
            return f"{tree.label} has no {paths.script}"
    old, new = (script for script in both if script is not None)
    if (old.name, of_directory(old.parent)) == (new.name, of_directory(new.parent)):
        return _SAME
    return tuple(outcomes(plans) for plans in work.scripts(old, new))  # type: ignore[return-value]


_SAME: tuple[dict[str, Outcome], dict[str, Outcome]] = ({}, {})
"""Nothing moved: files that are the same do the same, and are not run to see it."""


def _ports(
    before: Tree, after: Tree, paths: _Paths, work: _Work
) -> tuple[Mapping[str, Outcome], Mapping[str, Outcome]] | str:
    if paths.port is None:
        return f"the port {work.project.port} is not in the script's repository"
    for tree in (before, after):
        if tree.find(paths.port) is None or not (tree.root / paths.port).exists():
            return f"{tree.label} has no port ({paths.port})"
    roots = [Tree(tree.root / paths.port_root, tree.label, {}) for tree in (before, after)]
    if _port_fingerprint(roots[0], work.project.port) == _port_fingerprint(roots[1], work.project.port):
        return _SAME
    try:
        old = work.port(roots[0])
    except RunFailed as failed:
        return f"the port of {before.label} cannot be planned: {failed.problem}"
    try:
        return outcomes(old), outcomes(work.port(roots[1]))
    except RunFailed as failed:
        return outcomes(old), dict.fromkeys(old, failed.problem)


# Beside its own package, what a port's behaviour rests on when it stands in this repository.
BENEATH = ("ci_port/bash", "ci_port/host", "ci_port/model", "ci_port/cli")


def _port_fingerprint(tree: Tree, port: str) -> str:
    module = tree.root.joinpath(*port.partition(":")[0].split("."))
    own = of_directory(module, "*.py") if module.is_dir() else of_files(tree.root, [module.with_suffix(".py")])
    beneath = [of_directory(tree.root / room, "*.py") for room in BENEATH if (tree.root / room).is_dir()]
    return of_data([own, *beneath])
