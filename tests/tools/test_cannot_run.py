"""No compiler, bash too old, not Linux: one sentence and status 3; the port works all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.checkout import PLAIN_TOOLS, fresh_checkout, machine

PYTHON = str(Path(getattr(sys, "_base_executable", sys.executable)))
SMOKE = ["--env", "BUILD_ENVIRONMENT=linux", "--env", "TEST_CONFIG=smoke", "--format", "json"]


def plan(checkout: Path, implementation: str, path: str, *code: str) -> subprocess.CompletedProcess[str]:
    """Make a plan with the packaged project, as a person on another machine would."""
    environment = {"PATH": path, "HOME": str(checkout), "XDG_CACHE_HOME": str(checkout / "cache")}
    program = "; ".join(["import sys", *code, "from ci_port.cli import main", "sys.exit(main(sys.argv[1:]))"])
    command = [PYTHON, "-c", program, "plan", "--impl", implementation, *SMOKE]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=checkout)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which the recorder's library was not built yet."""
    return fresh_checkout(tmp_path / "checkout")


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    assert [word for word in words if word not in done.stderr] == []
    assert done.stderr.count("\n") == 1


def test_all_is_well_with_bash_and_a_compiler(checkout: Path) -> None:
    done = plan(checkout, "shell", os.environ["PATH"])
    assert done.returncode == 0, done.stderr
    # The plan rests on nothing that the packaged world does not say.
    assert done.stderr == ""


def test_no_compiler(checkout: Path, tmp_path: Path) -> None:
    path = machine(tmp_path / "bin", ["bash", *PLAIN_TOOLS])
    assert_refused(plan(checkout, "shell", path), "C compiler", "apt-get install gcc")
    assert plan(checkout, "python", path).returncode == 0


def test_bash_too_old(checkout: Path, tmp_path: Path) -> None:
    path = machine(tmp_path / "bin", ["cc", "as", "ld", *PLAIN_TOOLS])
    old = tmp_path / "bin" / "bash"
    # It says what an old bash says, however it is asked: --version, $BASH_VERSION, $BASH_VERSINFO.
    old.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        "  *--version*) echo 'GNU bash, version 4.2.46(2)-release (x86_64-pc-linux-gnu)' ;;\n"
        "  *VERSINFO*) echo '4 2' ;;\n  *) echo '4.2.46(2)-release' ;;\nesac\n"
    )
    old.chmod(0o755)
    assert_refused(plan(checkout, "shell", path), "bash", "4.4")
    assert plan(checkout, "python", path).returncode == 0


def test_not_linux(checkout: Path) -> None:
    darwin = "sys.platform = 'darwin'"
    assert_refused(plan(checkout, "shell", os.environ["PATH"], darwin), "Linux", "darwin")
    assert plan(checkout, "python", os.environ["PATH"], darwin).returncode == 0
