"""The tools make and keep `.venv` by themselves, and say in one sentence what a machine lacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.checkout import PLAIN_TOOLS, ROOT, fresh_checkout, machine, run

# The interpreter behind this one: not that of the .venv that the tests run in.
PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing was started yet."""
    return fresh_checkout(tmp_path / "fresh checkout")


@pytest.mark.parametrize("tool", ["ci-port", "test", "check", "lock", "bench"])
def test_every_tool_explains_itself(tool: str) -> None:
    done = run(ROOT, f"tools/{tool}", "--help")
    assert done.returncode == 0
    assert "sage: tools/" in done.stdout or "usage: " in done.stdout
    assert done.stderr == ""


def test_tools_that_tests_start_stand_on_the_same_python_and_never_make_it_anew(checkout: Path) -> None:
    """Not even where another one is asked for: it would be made anew under the run that stands on it."""
    run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    made = (checkout / ".venv/made-by").read_text()
    (checkout / ".venv/stamp-base").write_text("another")
    done = run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON="/none", CI_PORT_VENV=str(checkout / ".venv"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "ci-port 0.1.0\n", "")
    assert (checkout / ".venv/made-by").read_text() == made
    elsewhere = run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON="/none", CI_PORT_VENV="/tmp/.venv")
    assert (elsewhere.returncode, elsewhere.stdout) == (3, "")


FAKE = """#!/bin/sh
case $* in *version_info*) echo 3.12 ;; esac
"""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--python"], "--python needs a version like 3.12, or the path of an interpreter"),
        (["--python", "9.9"], "there is no Python 9.9: neither python9.9 on PATH nor {home}/.pyenv/versions/9.9*"),
        (["--python=9.9", "-k", "x"], "there is no Python 9.9"),
        (["--python", "/none/python"], "/none/python is no interpreter; name a version like 3.12, or a path"),
        (["--python", "/bin/false"], "/bin/false does not say its version"),
    ],
)
def test_a_python_that_is_not_there_is_one_sentence(
    checkout: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = run(checkout, "tools/test", *arguments, HOME=str(tmp_path), PYENV_ROOT="")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"test: {says.format(home=tmp_path)}")
    assert done.stderr.count("\n") == 1


def test_pythons_are_found_on_path_and_in_pyenv(checkout: Path, tmp_path: Path) -> None:
    for name in (".pyenv/versions/3.13.0/bin/python", ".pyenv/versions/3.13.12/bin/python", "bin/python3.10"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(FAKE)
        path.chmod(0o755)
    home = {"HOME": str(tmp_path), "PYENV_ROOT": "", "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    found = run(checkout, "tools/test", "--pythons", **home)
    assert (found.returncode, found.stderr) == (0, "")
    assert {"3.10", "3.13"} <= set(found.stdout.split())
    code = 'root=$PWD; source tools/lib/venv.sh; find_python 3.13; use_python 3.10; echo "$CI_PORT_PYTHON $venv"'
    done = subprocess.run(
        ["bash", "-euc", code], cwd=checkout, env=home, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    newest, chosen = done.stdout.splitlines()
    assert newest == f"{tmp_path}/.pyenv/versions/3.13.12/bin/python"
    assert chosen == f"{tmp_path}/bin/python3.10 {checkout}/.venv-3.12"


def test_help_of_the_checkers_prepares_nothing(checkout: Path) -> None:
    for tool in ("test", "check", "lock"):
        assert run(checkout, f"tools/{tool}", "--help").returncode == 0
    assert not (checkout / ".venv").exists()


def test_the_first_start_makes_the_venv_without_a_network_and_the_second_finds_it(checkout: Path) -> None:
    first = run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    assert (first.returncode, first.stdout, first.stderr) == (0, "ci-port 0.1.0\n", "ci-port: preparing .venv\n")
    second = run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    assert (second.returncode, second.stdout, second.stderr) == (0, "ci-port 0.1.0\n", "")


def test_two_starts_at_once_take_turns(checkout: Path) -> None:
    programs = [
        subprocess.Popen(
            [checkout / "tools" / "ci-port", "--version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    ends = [program.communicate(timeout=120) for program in programs]
    assert [program.returncode for program in programs] == [0] * 4
    assert {out for out, _ in ends} == {"ci-port 0.1.0\n"}
    assert "".join(err for _, err in ends).count("preparing") == 1


def test_a_broken_venv_is_made_anew(checkout: Path) -> None:
    run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    (checkout / ".venv" / "bin" / "python").unlink()
    again = run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    assert (again.returncode, again.stdout) == (0, "ci-port 0.1.0\n")


def test_it_can_be_called_from_anywhere_through_a_link(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(checkout / "tools" / "ci-port")
    monkeypatch.chdir(tmp_path)
    done = run(tmp_path, "link", "--version")
    assert (done.returncode, done.stdout) == (0, "ci-port 0.1.0\n")
    assert (checkout / ".venv").is_dir()


def ensure_dev(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Ask for the development level alone; afterwards nothing else is run."""
    script = checkout / "tools" / "dev-level"
    script.write_text(
        f"#!/usr/bin/env bash\nset -euo pipefail\nroot='{checkout}'\n"
        'source "$root/tools/lib/venv.sh"\nensure_venv dev\necho went on\n'
    )
    script.chmod(0o755)
    return run(checkout, "tools/dev-level", CI_PORT_PYTHON=PYTHON, **variables)


def test_without_a_network_the_development_level_says_so(checkout: Path) -> None:
    done = ensure_dev(checkout)
    assert done.returncode == 3
    assert "the development tools could not be installed" in done.stderr
    assert done.stdout == ""


def test_without_a_network_what_is_there_goes_on(checkout: Path) -> None:
    run(checkout, "tools/ci-port", "--version", CI_PORT_PYTHON=PYTHON)
    (checkout / ".venv" / "stamp-dev").write_text("of an older lock\n")
    done = ensure_dev(checkout)
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert "going on with those that are there" in done.stderr


def test_without_ensurepip_it_names_the_remedy(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError('not packaged')\n")
    done = ensure_dev(checkout, PYTHONPATH=str(tmp_path))
    assert done.returncode == 3
    assert "python3 has no ensurepip, which brings pip; install it (Debian, Ubuntu: apt-get install" in done.stderr


def test_without_python_it_names_the_remedy(checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, "tools/ci-port", "--version", PATH=machine(tmp_path / "bin", ["bash", *PLAIN_TOOLS]))
    assert done.returncode == 3
    assert done.stderr.startswith("ci-port: python3 is not on PATH; install Python 3.10 or newer")


def test_an_old_python_is_refused_with_its_version(checkout: Path, tmp_path: Path) -> None:
    path = machine(tmp_path / "bin", ["bash", *PLAIN_TOOLS])
    old = tmp_path / "bin" / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1 && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = run(checkout, "tools/ci-port", "--version", PATH=path)
    assert done.returncode == 3
    assert done.stderr.startswith("ci-port: Python 3.8.1 is too old; install Python 3.10 or newer")
