"""A checkout with a script of its own, and a project that knows it: the runner's tests need no PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.runner.project import Project, Special


@pytest.fixture
def project() -> Project:
    """The packaged world, lock and rollout, around another script."""
    return Project(
        script=".ci/test.sh",
        prelude=None,
        flag="USE_PORT",
        command=("python3", "port.py"),
        special=(Special((("CONFIG", "own*"),), (".ci/own.sh",)),),
        job_id="job:{BUILD}/{CONFIG}",
        port="tests.unit.runner.small_port:main",
        world="pytorch/world.json",
        lock="pytorch/lock.json",
        rollout="pytorch/rollout.toml",
    )


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a script of two functions, as the current directory."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/test.sh").write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


SCRIPT = """\
#!/bin/bash
one() {
  echo one
}

two() {
  if [[ $CONFIG == x ]]; then
    echo two
  fi
}
"""
