"""`ci-port inventory`: what is in the script, which function of the port carries out what, and what runs have shown."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci_port.cli import status
from ci_port.cli.cases import load_cases, load_jobs
from ci_port.cli.options import add_jobs_option, add_project_options, jobs_of, project_of
from ci_port.cli.project import Project
from ci_port.cli.status import CannotRun, UsageError
from ci_port.cli.terminal import Progress
from ci_port.model import Case, RunFailed
from ci_port.model.world import load_world
from ci_port.parity import ordered

if TYPE_CHECKING:
    from ci_port.shell.coverage import Coverage, Run
    from ci_port.shell.coverage import Reader as TraceReader
    from ci_port.shell.trace import Trace
    from ci_port.shell.twins import Twin

ABOUT = """\
List what is in a bash script: functions, branches, commands, variables, calls, early exits, sourced files.

Nothing of the script is run, except with --coverage, which runs it dry.
"""
EXAMPLES = """\
A branch's id is made of its function, the arms around it, its kind and its condition: comments and unrelated branches
above it change nothing. With --trace, the exit status is 1 while a part of the script is missing or stale in the port.
With --strict, it is 3 when something in the script was not understood.

examples:
  {prog} --script build.sh
  {prog} --format json | jq '.branches[] | select(.kind == "elif")'
  {prog} --trace
  {prog} --trace --update --accept test_python/if-0123456789
  {prog} --trace --coverage --format html > inventory.html
  {prog} --coverage tests/parity/recorded/mix.jsonl.gz
"""
TRACE_FILE = "trace.json"
_KEPT = 64 << 20


def add(command: argparse.ArgumentParser) -> None:
    """Add the options of the subcommand."""
    command.set_defaults(run=run)
    command.add_argument(
        "--format", choices=("text", "json", "markdown", "html"), default="text", help="what to print (default: text)"
    )
    command.add_argument("--strict", action="store_true", help="exit with 3 when something was not understood")
    command.add_argument("--trace", action="store_true", help="show which function of the port carries out what")
    command.add_argument(
        "--trace-file", metavar="FILE", help=f"the port's declarations (default: {TRACE_FILE} beside it)"
    )
    command.add_argument("--update", action="store_true", help="write new parts and fingerprints into the declarations")
    command.add_argument(
        "--accept", action="append", default=[], metavar="ID", help="with --update: the twin of this part was looked at"
    )
    command.add_argument(
        "--coverage", nargs="*", metavar="CASES", help="run the script dry and show what was taken (default: CI's jobs)"
    )
    command.add_argument("--no-follow", action="store_true", help="leave out the files that the script sources")
    add_jobs_option(command)
    add_project_options(command)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port inventory` and return the exit status."""
    if (arguments.update or arguments.accept) and not arguments.trace:
        raise UsageError("--update and --accept belong to --trace")
    if arguments.accept and not arguments.update:
        raise UsageError("--accept belongs to --update")
    project = project_of(arguments)
    reader = _read(project.script, follow=not arguments.no_follow)
    wanted = arguments.trace or arguments.coverage is not None
    # Coverage takes from the declarations why a branch cannot be reached.
    declared, twins = _traced(arguments, project, reader) if wanted else (None, {})
    coverages = [] if arguments.coverage is None else _coverages(arguments, project, reader)
    traced = declared if arguments.trace else None
    _write(arguments.format, Shown(reader, traced, twins, coverages, _reasons(declared)))
    return _status(arguments, reader, traced)


def _status(arguments: argparse.Namespace, reader: TraceReader, traced: Trace | None) -> int:
    unknown = [(file.file, item) for file in reader.files.values() for item in file.unknown]
    for file, item in unknown:
        print(f"{file}:{item.line}:{item.column}: not understood: {item.name}", file=sys.stderr)
    if unknown and arguments.strict:
        return status.CANNOT_RUN_HERE
    return status.DIFFERENT if traced is not None and not traced.complete else status.SAME


def _read(script: Path, follow: bool) -> TraceReader:
    """Return the script's inventory; raises UsageError for one that is not valid bash."""
    if not script.is_file():
        raise UsageError(f"there is no script {script}; name one with --script PATH")
    try:
        from ci_port.shell import ScriptError, read_script
        from ci_port.shell.coverage import Reader
    except ImportError as error:
        raise CannotRun(f"The inventory needs {error.name}: pip install 'ci_port[parity]'") from None
    try:
        return Reader(read_script(script, follow))
    except ScriptError as error:
        raise UsageError(str(error)) from None


# Traceability.


def _traced(arguments: argparse.Namespace, project: Project, reader: TraceReader) -> tuple[Trace, Mapping[str, Twin]]:
    from ci_port.shell import trace
    from ci_port.shell.twins import functions_of

    package = _package(project.port)
    beside = package if package.is_dir() else package.parent
    path = Path(arguments.trace_file) if arguments.trace_file else beside / TRACE_FILE
    parts = list(trace.parts_of(reader.inventory, reader.name_of))
    declarations = trace.load(path)
    if unknown := set(arguments.accept) - {part.id for part in parts}:
        raise UsageError(f"no part of the script has the id {min(unknown)}")
    if arguments.update:
        declarations = trace.updated(parts, declarations, arguments.accept)
        path.write_text(trace.dump(parts, declarations))
    try:
        twins = functions_of(package)
    except SyntaxError as error:
        raise UsageError(f"the port cannot be read: {error}") from None
    return trace.trace(parts, declarations, twins), twins


def _package(port: str) -> Path:
    """Return the folder (or the file) of the port's module; it is found, never imported."""
    name = port.partition(":")[0]
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    # To find a module inside a package, importlib would run the package.
    top, *inner = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin)
        found = found.parent.joinpath(*inner) if found.name == "__init__.py" else found
        for path in (found, found.with_suffix(".py")):
            if path.exists():
                return path
    raise UsageError(f"there is no module {name}; is its folder on PYTHONPATH?")


# Coverage.


def _coverages(arguments: argparse.Namespace, project: Project, reader: TraceReader) -> list[Coverage]:
    sets: list[tuple[str, list[Case]]]
    if arguments.coverage:
        sets = [(name, load_cases(name)) for name in arguments.coverage]
    else:
        sets = [("CI's jobs", load_jobs(project.jobs, project.job_id))]
    found = [(name, *_runs(cases, project, reader, jobs_of(arguments))) for name, cases in sets]
    if len(found) > 1:
        every = [run for _, runs, _ in found for run in runs]
        found.append(("all together", every, [problem for _, _, failed in found for problem in failed]))
    coverages = []
    for name, runs, failed in found:
        coverages.append(reader.coverage(name, runs))
        coverages[-1].failed = failed
    return coverages


def _runs(cases: Sequence[Case], project: Project, reader: TraceReader, jobs: int) -> tuple[list[Run], list[str]]:
    """Return what each case's run showed, and the cases that failed with their reasons."""
    from ci_port.dryrun import CannotRunHere, Limits, Recorder
    from ci_port.shell.coverage import traced

    world = load_world(project.world)

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Run | str]]:
        try:
            recorder = Recorder(project.script, world, limits=Limits(messages=_KEPT, output=_KEPT))
        except CannotRunHere as error:
            raise CannotRun(str(error)) from None

        def observe(case: Case) -> Run | str:
            try:
                return reader.run(recorder.observe(traced(case)))
            except RunFailed as error:
                return f"{case.id}: {error}"

        with recorder:
            yield observe

    runs: list[Run] = []
    failed: list[str] = []
    with Progress(len(cases), "runs") as progress:
        for done, result in enumerate(ordered(cases, open_worker, jobs), 1):
            if isinstance(result, str):
                failed.append(result)
            else:
                runs.append(result)
            progress.update(done)
    return runs, failed


# Output.


@dataclass(frozen=True)
class Shown:
    """What there is to show."""

    reader: TraceReader
    traced: Trace | None
    twins: Mapping[str, Twin]
    coverages: Sequence[Coverage]
    reasons: Mapping[tuple[str, str], str]


def _write(form: str, shown: Shown) -> None:
    _WRITERS[form](shown)


def _write_json(shown: Shown) -> None:
    from ci_port.shell import listing

    print(json.dumps(listing.to_json(shown.reader.files, shown.traced, shown.coverages)))


def _write_html(shown: Shown) -> None:
    from ci_port.shell import page

    print(page.render(shown.reader.files, shown.traced, shown.twins, shown.coverages))


def _write_markdown(shown: Shown) -> None:
    from ci_port.shell import listing

    _print(listing.markdown_lines(shown.reader.files, shown.traced, shown.coverages, shown.reasons))


def _write_text(shown: Shown) -> None:
    from ci_port.shell import listing

    if shown.traced is None and not shown.coverages:
        _print(listing.text_lines(shown.reader.files))
    if shown.traced is not None:
        _print(listing.trace_lines(shown.traced))
    for coverage in shown.coverages:
        _print(listing.coverage_lines(coverage, shown.reader.files, shown.reasons))


_WRITERS: dict[str, Callable[[Shown], None]] = {
    "text": _write_text,
    "json": _write_json,
    "markdown": _write_markdown,
    "html": _write_html,
}


def _reasons(traced: Trace | None) -> Mapping[tuple[str, str], str]:
    rows = traced.rows if traced else ()
    return {
        (row.part.file, row.part.id): row.declared.unreachable
        for row in rows
        if row.declared is not None and row.declared.unreachable
    }


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        print(line)
