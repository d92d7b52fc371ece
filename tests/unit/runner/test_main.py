"""The runner from its command line, as one process: what it prints, and what it needs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ci_port.runner.bundle import bundle
from tests.lock_now import lock_now

ROOT = Path(__file__).resolve().parents[3]
SMOKE = {"BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11", "TEST_CONFIG": "smoke"}
PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bundle") / "runner.py"
    target.write_bytes(bundle(lock_now().encode()))
    return target


def started(where: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", *command],
        cwd=where,
        env={**PATH, **SMOKE, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_dry_run_prints_the_plan_and_runs_nothing(bundled: Path, tmp_path: Path) -> None:
    done = started(tmp_path, str(bundled), "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "python test/run_test.py --include test_matmul_cuda" in done.stdout
    assert done.stdout.endswith("# exit status 0\n")
    assert list(tmp_path.iterdir()) == []


def test_verbose_says_which_side_and_why(bundled: Path, tmp_path: Path) -> None:
    done = started(tmp_path, str(bundled), "--dry-run", "--verbose", "--phase", "3", USE_PYTHON_TEST_RUNNER="1")
    assert "ci-port: port: phase 3 (default) switches this job on" in done.stderr


@pytest.mark.parametrize("flags", [["--fast"], ["--phase"]])
def test_a_dry_run_with_wrong_options_ends_with_71(bundled: Path, tmp_path: Path, flags: list[str]) -> None:
    done = started(tmp_path, str(bundled), "--dry-run", *flags)
    assert (done.returncode, done.stdout) == (71, "")


def test_help_needs_no_job(bundled: Path, tmp_path: Path) -> None:
    done = started(tmp_path, str(bundled), "--help")
    assert done.returncode == 0
    assert "--fallback-on-error" in done.stdout


def test_from_the_sources_it_does_the_same(bundled: Path, tmp_path: Path) -> None:
    code = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('ci_port.runner', run_name='__main__')"
    )
    sources = started(tmp_path, "-c", code, "--dry-run")
    assert sources.stdout == started(tmp_path, str(bundled), "--dry-run").stdout


MODULES = """
import json, runpy, sys
sys.argv = {argv!r}
try:
    runpy.run_path({path!r}, run_name="__main__")
except SystemExit:
    pass
sys.stdout.flush()
print(json.dumps(sorted(sys.modules)))
"""
HEAVY = {
    "argparse",
    "asyncio",
    "csv",
    "difflib",
    "hashlib",
    "logging",
    "pathlib",
    "subprocess",
    "tempfile",
    "threading",
}
OF_LIVE_RUNS = {"ci_port.host.live", "ci_port.runner.live", "ci_port.runner.record", "ci_port.rollout.phases"}


def test_nothing_is_imported_that_a_dry_run_does_not_use(bundled: Path, tmp_path: Path) -> None:
    argv = [str(bundled), "--dry-run"]
    done = started(tmp_path, "-c", MODULES.format(argv=argv, path=str(bundled)))
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    tops = {name.partition(".")[0] for name in modules}
    assert tops <= sys.stdlib_module_names | {"ci_port", "ci_port_archive", "__main__"}
    # runpy itself, which this test uses, brings pkgutil and what that needs.
    assert modules & HEAVY <= set()
    assert modules & OF_LIVE_RUNS == set()


def test_no_room_of_the_runner_reaches_outside_the_standard_library(bundled: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(bundled)!r}); import pkgutil, json, importlib\n"
        "import ci_port\n"
        "names = [m.name for m in pkgutil.walk_packages(ci_port.__path__, 'ci_port.') if '__main__' not in m.name]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(json.dumps([sorted({n.partition('.')[0] for n in sys.modules}), names]))"
    )
    done = started(tmp_path, "-c", code)
    tops, names = json.loads(done.stdout)
    assert {"ci_port.runner.shadow", "ci_port.pytorch.dispatch", "ci_port.host.live"} <= set(names)
    assert set(tops) <= sys.stdlib_module_names | {"ci_port", "__main__"}


def test_a_place_in_the_bundle_is_the_line_of_the_port_too(bundled: Path, tmp_path: Path) -> None:
    code = (
        f"import sys, zipimport; sys.path.insert(0, {str(bundled)!r}); import ci_port_archive\n"
        f"ci_port_archive.install(zipimport.zipimporter({str(bundled)!r}))\n"
        "from ci_port.host import observe\n"
        "from ci_port.model import Case, World\n"
        "def main(sh): sh.run('a')\n"
        "print(*observe(main, World('/w', '/bin'), Case('c', ())).places)"
    )
    done = started(tmp_path, "-c", code)
    assert (done.stdout, done.stderr) == ("<string>:5\n", "")


def test_even_an_old_python_can_read_the_first_file() -> None:
    source = (ROOT / "ci_port/runner/__main__.py").read_text()
    ast.parse(source, feature_version=(3, 4))


def test_the_oldest_python_can_read_everything(bundled: Path) -> None:
    with zipfile.ZipFile(bundled) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                ast.parse(archive.read(name), name, feature_version=(3, 10))


@pytest.mark.parametrize("option", ["-i", ""])
def test_python_reads_no_commands_when_the_job_is_over(option: str, bundled: Path, tmp_path: Path) -> None:
    """Neither `python -i` nor PYTHONINSPECT has what is on standard input run, or takes the status away."""
    done = subprocess.run(
        [sys.executable, "-S", *filter(None, [option]), str(bundled), "--dry-run", "--fast"],
        cwd=tmp_path,
        env={**PATH, **SMOKE, "PYTHONINSPECT": "" if option else "1"},
        input="open('mark', 'w')\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 71
    assert done.stderr == "ci-port: unknown option --fast\n"
    assert list(tmp_path.iterdir()) == []
