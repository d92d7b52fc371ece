"""The way people look into a CI script today: a directory of stub scripts on PATH that log and exit.

Built as well as that way allows: the stubs log argument list and exported environment with builtins alone (no
process besides their own), and answer the probes that the world answers, so that the script takes the same way through
its branches. The one thing that this way cannot do without help: the world's workspace, which the script asks for by
absolute path, is not there on this machine; the copy of the script says the copy's workspace instead.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci_port.model import Case, Execute, Plan, Rule, World
from ci_port.model.files import texts

_HEAD = """\
#!{shell}
{{ printf '%s\\t' "${{0##*/}}" "$@"; echo; export -p; }} >>"$STUB_LOG"
"""
_MARK = "STUB_LOG="


class StubBaseline:
    """A workspace with the script in it, stubs on PATH, and one real bash for each environment."""

    def __init__(self, root: Path, script: Path, world: World, case: Case, plan: Plan, *, shell: str) -> None:
        """Make everything below `root` that the plan of the case needs; the stubs run under `shell`."""
        self._head = _HEAD.format(shell=shell)
        self._bash = shutil.which("bash") or "/bin/bash"
        self._workspace = root / "workspace"
        self._log = root / "stubs.log"
        start = world.start(dict(case.env))
        scripts = self._workspace / ".ci" / "pytorch"
        shutil.copytree(script.parent, scripts)
        for file in scripts.glob("*.sh"):
            file.write_text(file.read_text().replace(world.workspace, str(self._workspace)))
        self._script = scripts / script.name
        stubs = root / "bin"
        stubs.mkdir()
        here = str(self._workspace)
        rules = [
            replace(rule, argv=tuple(word.replace(world.workspace, here) for word in rule.argv))
            for rule in world.rules(start)
        ]
        for name in world.pure:
            if found := shutil.which(name):
                (stubs / name).symlink_to(found)
        self._make_tree(world)
        for step in plan.steps:
            if isinstance(step, Execute):
                self._make_stub(step, stubs, rules)
        self._environment = {**start, "PATH": str(stubs), "HOME": str(root), "STUB_LOG": str(self._log)}

    def _make_tree(self, world: World) -> None:
        for path in world.dirs:
            if path.startswith(f"{world.workspace}/"):
                (self._workspace / path[len(world.workspace) + 1 :]).mkdir(parents=True, exist_ok=True)
        for path, text in texts(world.files).items():
            if path.startswith(f"{world.workspace}/"):
                file = self._workspace / path[len(world.workspace) + 1 :]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

    def _make_stub(self, step: Execute, stubs: Path, rules: Sequence[Rule]) -> None:
        directory = self._workspace / step.cwd
        if not step.cwd.startswith("/"):
            directory.mkdir(parents=True, exist_ok=True)
        name = step.argv[0]
        if name.startswith("/"):
            return
        stub = directory / name if "/" in name else stubs / name
        if not stub.exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(self._head + _answers(rule for rule in rules if rule.argv[0] == name))
            stub.chmod(0o755)

    def run(self) -> int:
        """Run the script once and return how many commands the stubs logged."""
        self._log.unlink(missing_ok=True)
        subprocess.run(
            [self._bash, str(self._script)],
            cwd=self._workspace,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return _commands_in(self._log.read_text(errors="replace"), self._environment)


def _answers(rules: Iterable[Rule]) -> str:
    lines = ['case "$*" in']
    for rule in rules:
        body = f"printf %s {shlex.quote(rule.stdout)}; exit {rule.status}"
        lines.append(f"  {_glob(rule.argv[1:])}) {body} ;;")
    return "\n".join([*lines, "esac", "exit 0", ""])


def _glob(words: Sequence[str]) -> str:
    parts = ["*" if word in ("*", "**") else shlex.quote(word) for word in words]
    return "' '".join(parts) or "''"


def _commands_in(log: str, environment: Mapping[str, str]) -> int:
    """Count the commands: each is followed by one listing of the environment, which names the log once."""
    return sum(_MARK in line and environment["STUB_LOG"] in line for line in log.split(os.linesep))
