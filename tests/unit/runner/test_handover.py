"""Becoming the script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.runner import handover

ROOT = Path(__file__).resolve().parents[3]


def became(place: Path, code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from ci_port.runner import handover; {code}"
    command = [sys.executable, "-I", "-S", "-c", program]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=60, check=False)


HAND_OVER = "handover.become_script(('./script',), handover.initial_environment())"


def test_same_environment_and_status(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("env | grep -v -e '^_=' -e '^PWD=' -e '^SHLVL='; exit 7\n")
    # In the C locale Python sets LC_CTYPE for itself and for what it starts; the script must not see that.
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "", "LANG": "C", "ODD": "a\nb=c", "EMPTY": ""}
    done = became(tmp_path, HAND_OVER, env)
    plain = subprocess.run(
        ["/bin/bash", "./script"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, sorted(done.stdout.split("\n"))) == (7, sorted(plain.stdout.split("\n")))


def test_signals_that_python_ignores_are_not_ignored_in_the_script(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("grep SigIgn /proc/$$/status\n")
    done = became(tmp_path, HAND_OVER, {"PATH": "/usr/bin:/bin"})
    assert int(done.stdout.split()[1], 16) & (1 << 12 | 1 << 24) == 0


def test_what_was_said_before_comes_first(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("echo script\n")
    done = became(tmp_path, f"print('runner'); {HAND_OVER}", {"PATH": "/usr/bin:/bin"})
    assert done.stdout == "runner\nscript\n"


def test_bash_is_the_systems_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "bash"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert handover.find_bash() in handover.BASH
    monkeypatch.setattr(handover, "BASH", ("/nowhere/bash",))
    assert handover.find_bash() == str(fake)


def test_without_proc_the_environment_is_what_python_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*args: object) -> None:
        raise OSError

    monkeypatch.setattr("builtins.open", closed)
    assert handover.initial_environment() == dict(os.environ)
