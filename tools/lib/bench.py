"""Speed and memory as ratios, each measured in one run with what it is compared to, taking turns."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


from ci_port.model import Case, World  # noqa: E402
from ci_port.model.case import case_to_json  # noqa: E402
from ci_port.model.plan import dumps  # noqa: E402
from ci_port.model.world import load_world  # noqa: E402
from ci_port.parity import cores, summarise, sweep  # noqa: E402
from ci_port.project.cases import load_jobs  # noqa: E402
from ci_port.project.file import Project, load_project  # noqa: E402
from ci_port.project.sides import python_side, shell_side  # noqa: E402
from tools.lib.stub_baseline import StubBaseline  # noqa: E402

GROUPS = ("recorder", "port", "parallel", "memory", "inventory", "diff-plan", "runner")
VERSION_1 = ROOT / "tests/parity/recorded/world.json"
"""A world in which commands change nothing, as under stubs on PATH: the bar of the recorder is measured in it."""
JOB = "job:linux-jammy-py3.10-gcc11/default/1of5"
_CHILD_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True)
class Figure:
    """One figure: a ratio, what it says, and the bar that it must keep (None: none is set)."""

    name: str
    ratio: float
    meaning: str
    bar: str = ""
    kept: bool | None = None


def main() -> int:
    """Measure, print, and return 0 if all bars are kept, else 1."""
    arguments = _parser().parse_args()
    project = load_project(None)
    world = load_world(project.world)
    cases = load_jobs(project.jobs, project.job_id)
    quick = arguments.quick
    rounds = 5 if quick else 40
    groups: dict[str, Callable[[], list[Figure]]] = {
        "recorder": lambda: _recorder(project, world, cases, rounds),
        "port": lambda: _port(project, world, cases),
        "parallel": lambda: _parallel(project, world, cases, quick=quick),
        "memory": lambda: _memory(quick=quick),
        "inventory": lambda: _inventory(project, rounds=3 if quick else 10),
        "diff-plan": lambda: _diff_plan(project, cases, quick=quick),
        "runner": lambda: _runner(rounds),
    }
    figures = [figure for name, measure in groups.items() if name in (arguments.what or GROUPS) for figure in measure()]
    if arguments.format == "json":
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
    else:
        for figure in figures:
            bar = f"  [bar: {figure.bar}: {'kept' if figure.kept else 'MISSED'}]" if figure.bar else ""
            print(f"{figure.ratio:8.2f}  {figure.name}: {figure.meaning}{bar}")
    return 0 if all(figure.kept is not False for figure in figures) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/bench",
        description="Speed and memory as ratios, each measured in one run with what it is compared to, taking turns.",
        epilog="exit status: 0 all bars are kept, 1 one is missed, 2 usage, 3 cannot run here",
    )
    parser.add_argument("what", nargs="*", type=_group, metavar="WHAT", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a rough look")
    return parser


def _group(name: str) -> str:
    if name not in GROUPS:
        raise argparse.ArgumentTypeError(f"invalid choice: {name!r} (choose from {', '.join(GROUPS)})")
    return name


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _medians(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Return the median time of each work; they take turns, so that whatever else goes on hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for mine, work in zip(times, works, strict=True):
            mine.append(_seconds(work))
    return [statistics.median(mine) for mine in times]


def _recorder(project: Project, world: World, cases: Sequence[Case], rounds: int) -> list[Figure]:
    case = next(case for case in cases if case.id == JOB)
    without = load_world(VERSION_1)
    open_side, open_second = shell_side(project.script, without), shell_side(project.script, world)
    with tempfile.TemporaryDirectory(prefix="ci-port-bench-") as scratch, open_side() as side, open_second() as second:
        plan = side(case).plan
        baseline = StubBaseline(Path(scratch) / "bash", project.script, without, case, plan, shell="/bin/bash")
        lighter = StubBaseline(Path(scratch) / "sh", project.script, without, case, plan, shell="/bin/sh")
        logged = baseline.run()
        recorded = sum(step.kind == "exec" for step in plan.steps)

        def start() -> None:
            with open_side():
                pass

        stubs, light, recorder, effects, starting = _medians(
            rounds, baseline.run, lighter.run, lambda: side(case), lambda: second(case), start
        )
    return [
        Figure(
            "stubs / recorder",
            stubs / recorder,
            f"time for one environment ({JOB}), PATH stubs ({logged} commands logged) "
            f"against the recorder ({recorded} commands recorded)",
            "at least 2.5",
            stubs / recorder >= 2.5,
        ),
        Figure("sh stubs / recorder", light / recorder, "the same with stubs that run under /bin/sh instead of bash"),
        Figure(
            "version 2 / recorder", effects / recorder, "the same in the packaged world, whose file tools really run"
        ),
        Figure("recorder start / recorder", starting / recorder, "what opening a recorder costs, in environments"),
        Figure(
            "commands logged / recorded",
            logged / recorded,
            "both take the same way through the script",
        ),
    ]


def _port(project: Project, world: World, cases: Sequence[Case]) -> list[Figure]:
    side = python_side(project.port, world, project.script)
    bash = shutil.which("bash") or "/bin/bash"
    side(cases[0])
    plans = [_seconds(lambda case=case: side(case)) for case in cases]  # type: ignore[misc]
    starts = [_seconds(lambda: subprocess.run([bash, "-c", ":"], check=True)) for _ in range(50)]
    plan, start = statistics.median(plans), statistics.median(starts)
    return [
        Figure("bash start / plan", start / plan, f"`bash -c :` against the median of {len(cases):,} plans in Python"),
        Figure(
            "plan / 1 ms", plan * 1000, "the median plan in Python against one millisecond", "under 1", plan < 0.001
        ),
    ]


def _parallel(project: Project, world: World, cases: Sequence[Case], *, quick: bool) -> list[Figure]:
    part = cases[:: 20 if quick else 6]
    candidate = python_side(project.port, world, project.script)

    def parity(jobs: int) -> None:
        summarise(sweep(part, shell_side(project.script, world), candidate, jobs))

    alone, together = _medians(1 if quick else 3, lambda: parity(1), lambda: parity(cores()))
    return [
        Figure("one job / all cores", alone / together, f"parity over {len(part)} jobs, on {cores()} cores"),
        Figure("efficiency", alone / together / cores(), "that, per core (1: every core is used all the time)"),
    ]


def _memory(*, quick: bool) -> list[Figure]:
    """Return the largest process of a parity run against a plain bash; the sizes stand beside it."""
    part = ["--cases", "tests/parity/recorded/world.jsonl.gz"] if quick else []
    parity = _largest(sys.executable, "-m", "ci_port", "parity", *part)
    bash = _largest(shutil.which("bash") or "/bin/bash", "-c", ":")
    return [
        Figure(
            "parity / bash, memory",
            parity / bash,
            f"largest process of `ci-port parity` ({parity / 1024:.0f} MiB) "
            f"against `bash -c :` ({bash / 1024:.0f} MiB)",
        )
    ]


def _largest(*command: str) -> int:
    """Return the peak resident size, in KiB, of the largest process that a command has."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD_MEMORY, *command], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return int(done.stdout)


def _inventory(project: Project, rounds: int) -> list[Figure]:
    """The inventory against shfmt, both from a new process; and how its time grows with the script's length."""
    shfmt = shutil.which("shfmt", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if shfmt is None or importlib.util.find_spec("bashlex") is None:
        print("left out: inventory / shfmt needs shfmt-py and bashlex (.venv of tools/test)", file=sys.stderr)
        return []
    text = project.script.read_text()
    with tempfile.TemporaryDirectory(prefix="ci-port-bench-") as scratch:

        def reading(times: int) -> Callable[[], object]:
            script = Path(scratch) / f"{times}.sh"
            script.write_text(text * times)
            command = [sys.executable, "-m", "ci_port", "inventory", "--no-follow", "--format", "json"]
            return lambda: subprocess.run(
                [*command, "--script", str(script)], stdout=subprocess.DEVNULL, check=True, cwd=ROOT
            )

        def second() -> object:
            with (Path(scratch) / "1.sh").open("rb") as script:
                return subprocess.run([shfmt, "--to-json"], stdin=script, stdout=subprocess.DEVNULL, check=True)

        once, other = _medians(rounds, reading(1), second)
        four, sixteen = _medians(2, reading(4), reading(16))
    # What starting costs is in each: the slopes between the lengths are what must not differ.
    growth = ((sixteen - four) / 12) / ((four - once) / 3)
    return [
        Figure("inventory / shfmt", once / other, "cold reading of the script", "at most 5", once / other <= 5),
        Figure("inventory, grown", growth, "a line at 16 times the length to one at 4", "at most 1.5", growth <= 1.5),
    ]


def _runner(rounds: int) -> list[Figure]:
    """A dry run of the smoke job in the bundle against a Python that does nothing.

    The bar is for the machine's own python3, as a job starts it. The second figure is for one that loads nothing but
    its standard library (-I -S): how much of the first is Python's own start depends on what its site-packages do.
    """
    python = shutil.which("python3", path=_path_without_venv()) or sys.executable
    env = {**os.environ, "BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11", "TEST_CONFIG": "smoke"}
    with tempfile.TemporaryDirectory(prefix="ci-port-bench-") as scratch:
        file = Path(scratch) / "test_python_ci.py"
        # Made by the Python that will run it, as its compiled code is for that version.
        make = (
            "import sys; sys.path.insert(0, sys.argv[1]); from ci_port.runner.bundle import bundle; "
            "sys.stdout.buffer.write(bundle(b'{}'))"
        )
        file.write_bytes(subprocess.run([python, "-c", make, str(ROOT)], stdout=subprocess.PIPE, check=True).stdout)

        def starting(*words: str) -> Callable[[], object]:
            return lambda: subprocess.run([python, *words], stdout=subprocess.DEVNULL, env=env, check=True)

        dry_run = (str(file), "--dry-run")
        bare, nothing = ("-I", "-S"), ("-c", "pass")
        empty, dry = _medians(rounds, starting(*nothing), starting(*dry_run))
        bare_empty, bare_dry = _medians(rounds, starting(*bare, *nothing), starting(*bare, *dry_run))
    return [
        Figure(
            "runner / python3",
            dry / empty,
            "a dry run of the smoke job in the bundle against `python3 -c pass`",
            "at most 3",
            dry / empty <= 3,
        ),
        Figure("runner / python3 -I -S", bare_dry / bare_empty, "the same with a Python that loads no site-packages"),
    ]


def _path_without_venv() -> str:
    venv = str(Path(sys.executable).parent)
    return ":".join(part for part in os.environ.get("PATH", os.defpath).split(":") if part != venv)


# A change that every run meets is the worst case; one inside a function concerns the runs that call it.
_CHANGES = {
    "every run": ("export TORCH_SERIALIZATION_DEBUG=1", "export TORCH_SERIALIZATION_DEBUG=2"),
    "one function": ("--exclude-jit-executor", "--exclude-jit"),
}


def _diff_plan(project: Project, cases: Sequence[Case], *, quick: bool) -> list[Figure]:
    """A comparison of two scripts against one parity sweep over the same jobs, before and after that sweep.

    A sweep leaves its plans behind (docs/reports.md), and a pull request is swept before it is compared.
    """
    part = cases[:: 40 if quick else 1]
    old = project.script.resolve()
    with tempfile.TemporaryDirectory(prefix="ci-port-bench-") as scratch:
        listed = Path(scratch) / "cases.jsonl"
        listed.write_text("".join(dumps(case_to_json(case)) + "\n" for case in part))

        def seconds(status: int, *words: str) -> float:
            line = [sys.executable, "-m", "ci_port", *words, "--cases", str(listed)]
            start = time.perf_counter()
            environment = {**os.environ, "XDG_CACHE_HOME": f"{scratch}/cache"}
            done = subprocess.run(line, stdout=subprocess.DEVNULL, check=False, cwd=ROOT, env=environment)
            if done.returncode != status:
                raise RuntimeError(f"{' '.join(line)} ended with {done.returncode}")
            return time.perf_counter() - start

        changed = {name: Path(scratch) / name / old.name for name in _CHANGES}
        for name, new in changed.items():
            shutil.copytree(old.parent, new.parent)
            new.write_text(old.read_text().replace(*_CHANGES[name], 1))
        first = seconds(0, "parity")
        cold = {name: seconds(1, "diff-plan", str(old), str(new), "--no-cache") for name, new in changed.items()}
        warm = {name: seconds(1, "diff-plan", str(old), str(new)) for name, new in changed.items()}
        sweep = (first + seconds(0, "parity")) / 2
    return [
        Figure(
            f"diff-plan / parity, {name}{', after a sweep' if times is warm else ''}",
            times[name] / sweep,
            f"two scripts over {len(part):,} jobs, the change concerns {name}, "
            f"{'one was swept before' if times is warm else 'nothing is remembered'}",
            "under 2",
            times[name] / sweep < 2,
        )
        for times in (cold, warm)
        for name in _CHANGES
    ]


if __name__ == "__main__":
    sys.exit(main())
