"""A git repository with a script, a port, a world and jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.project.project_on_disk import SCRIPT, WORLD

PORT = """\
def main(sh):
    if sh["SUITE"] == "lint":
        sh.run("ruff", "check", stdout="lint.log")
    else:
        sh.run("python", "run.py", "--suite", sh["SUITE"])
"""


class Repository:
    """A git repository with a script, a port, a world and jobs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("world.json", json.dumps(WORLD))
        self.write("jobs.csv", "SUITE,SHARD\nunit,1\nslow,2\nlint,\n")
        self.write("scripts/test.sh", SCRIPT)
        self.write("diffed_port.py", PORT)
        self.config("scripts/test.sh")

    def config(self, script: str) -> None:
        config = {"script": script, "world": "world.json", "jobs": "jobs.csv", "job_id": "{SUITE}"}
        self.write("ci-port.json", json.dumps({**config, "port": "diffed_port:main"}))

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(["git", "-C", str(self.root), *who, *words], check=True, env=environment)

    def commit(self, tag: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={tag}")
        self.git("tag", tag)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    @property
    def flags(self) -> list[str]:
        return ["--config", str(self.root / "ci-port.json")]


def made_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Make one in a folder, with a commit `one`; its port can be imported, and plans are remembered beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    (root / "repository").mkdir()
    made = Repository(root / "repository")
    made.commit("one")
    monkeypatch.syspath_prepend(str(made.root))
    # Another test's port of this name may have been imported.
    monkeypatch.delitem(sys.modules, "diffed_port", raising=False)
    return made
