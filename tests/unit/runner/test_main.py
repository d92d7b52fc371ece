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


SITE = "import os\nos.environ['CONFUSED'] = '1'\nprint('from site')\nraise ValueError('site')\n"
STARTS = {
    "as a program": lambda bundle: [str(bundle)],
    "by sh": lambda bundle: ["sh", str(bundle)],
    "by python3": lambda bundle: ["python3", str(bundle)],
}


def begun(command: list[str], where: Path, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Start a command with this PATH in a checkout whose script says that it runs."""
    (where / ".ci/pytorch").mkdir(parents=True, exist_ok=True)
    (where / ".ci/pytorch/test.sh").write_text("echo the script runs; env | grep ^CONFUSED\nexit 5\n")
    return subprocess.run(
        command, cwd=where, env={**SMOKE, "PATH": path, **env}, capture_output=True, text=True, timeout=60, check=False
    )


def place_of_python(where: Path) -> str:
    """Return a PATH on which `python3` is the Python of this run."""
    (where / "bin").mkdir()
    (where / "bin/python3").symlink_to(sys.executable)
    return f"{where}/bin:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("start", "env"),
    [
        *((start, {}) for start in STARTS),
        ("as a program", {"PYTHONHOME": "/none"}),
        ("by sh", {"PYTHONHOME": "/none", "PYTHONSAFEPATH": "1", "PYTHONPLATLIBDIR": "x"}),
        *((start, {"PYTHONPATH": "{site}"}) for start in ("as a program", "by sh")),
        *((start, {"PYTHONHASHSEED": "wrong"}) for start in ("as a program", "by sh")),
        *((start, {"PYTHONINSPECT": "1", "PYTHONDEVMODE": "1", "PYTHONVERBOSE": ""}) for start in STARTS),
    ],
)
def test_pythons_variables_change_nothing(bundled: Path, tmp_path: Path, start: str, env: dict[str, str]) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(SITE)
    bundled.chmod(0o755)
    variables = {name: value.replace("{site}", str(tmp_path / "site")) for name, value in env.items()}
    done = begun(STARTS[start](bundled), tmp_path, place_of_python(tmp_path), **variables)
    assert (done.returncode, done.stdout, done.stderr) == (5, "the script runs\n", "")


def test_what_site_does_in_the_first_python_does_not_get_to_the_script(bundled: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(SITE)
    path = place_of_python(tmp_path)
    done = begun(["python3", str(bundled)], tmp_path, path, PYTHONPATH=str(tmp_path / "site"))
    assert (done.returncode, done.stdout) == (5, "the script runs\n")


@pytest.mark.parametrize(
    ("flags", "status", "printed", "said"),
    [
        (
            [],
            5,
            "::warning title=ci-port::there is no python3; bash runs .ci/pytorch/test.sh instead\nthe script runs\n",
            "bash runs",
        ),
        (["--fallback-on-error"], 5, "the script runs\n", "bash runs"),
        (["--no-fallback"], 71, "", "nothing has been run"),
        (["--phase", "3", "--dry-run"], 71, "", "nothing has been run"),
    ],
)
def test_where_there_is_no_python(
    bundled: Path, tmp_path: Path, flags: list[str], status: int, printed: str, said: str
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("bash", "env", "grep"):
        (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
    bundled.chmod(0o755)
    done = begun([str(bundled), *flags], tmp_path, str(tmp_path / "bin"))
    assert done.returncode == status
    assert done.stdout.endswith(printed) if printed else done.stdout == ""
    assert f"ci-port: there is no python3; {said}" in done.stderr


@pytest.mark.parametrize("ignored", [(), ("PIPE",), ("PIPE", "XFSZ", "HUP")])
def test_the_script_gets_the_signals_as_they_were(bundled: Path, tmp_path: Path, ignored: tuple[str, ...]) -> None:
    path = place_of_python(tmp_path)
    bundled.chmod(0o755)
    (tmp_path / ".ci/pytorch").mkdir(parents=True)
    (tmp_path / ".ci/pytorch/test.sh").write_text("grep SigIgn /proc/self/status\n")
    traps = "".join(f"trap '' {name}\n" for name in ignored)
    seen = [
        subprocess.run(
            ["bash", "-c", f'{traps}exec "$@"', "bash", *command],
            cwd=tmp_path,
            env={**SMOKE, "PATH": path},
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
        for command in (["bash", ".ci/pytorch/test.sh"], [str(bundled)])
    ]
    assert seen[0] == seen[1]


@pytest.mark.parametrize(("command", "status"), [(">/dev/full", 71), (">&-", 71), ("| true", 141)])
def test_a_plan_that_nobody_can_read_is_no_success(bundled: Path, tmp_path: Path, command: str, status: int) -> None:
    text = f'set -o pipefail; (sleep 0.5; exec "$@" --dry-run) {command}'
    done = subprocess.run(
        ["bash", "-c", text, "bash", sys.executable, "-I", "-S", str(bundled)],
        cwd=tmp_path,
        env={**PATH, **SMOKE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status
    assert ("the plan cannot be printed" in done.stderr) == (status == 71)
