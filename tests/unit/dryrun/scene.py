"""A small world and short names for what is recorded in it, so that a case fits on one line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_port import dryrun
from ci_port.model import (
    Case,
    Environment,
    Execute,
    Limit,
    Observation,
    Overlay,
    Rule,
    Source,
    Step,
    Umask,
    World,
    Write,
)

WORKSPACE = "/world/space"
SCRIPTS = f"{WORKSPACE}/.ci/pytorch"
SCRIPT = f"{SCRIPTS}/script.sh"
PURE = (
    "awk basename cat cut date dirname egrep expr fgrep gawk grep head mawk printf readlink realpath sed seq sort tail "
    "tr uname wc xargs"
)
WORLD = World(
    workspace=WORKSPACE,
    path="/opt/ci/bin:/usr/bin",
    env=Environment({"HOME": "/home/someone", "USER": "someone", "LANG": "C.UTF-8", "FROM_BEFORE": "yes"}),
    executables=frozenset({"/opt/ci/bin/known", "/opt/ci/bin/cat"}),
    dirs=frozenset({f"{WORKSPACE}/sub/deep", f"{WORKSPACE}/a b", "/data/empty"}),
    files={
        f"{WORKSPACE}/lines.txt": "one\ntwo\nthree\n",
        f"{WORKSPACE}/sub/inner.txt": "inner two\n",
        f"{WORKSPACE}/a b/c d.txt": "blank\n",
        "/data/values.sh": "value=sourced\n",
        f"{SCRIPTS}/common.sh": 'common() {\n  from_common "$@"\n}\nsource_args=$*\n',
    },
    commands=(
        Rule(("say",), stdout="said\n"),
        Rule(("say", "**"), stdout="said more\n"),
        Rule(("fails", "**"), status=3),
        Rule(("probe", "yes"), status=0),
        Rule(("probe", "no"), status=1),
    ),
    pure=frozenset(PURE.split()),
)


@dataclass(frozen=True)
class Scene:
    """A recorder, and the way to give it another script for every run: the world's files lie over the script's."""

    recorder: dryrun.Recorder

    def run(
        self,
        script: str | bytes,
        *,
        env: Mapping[str, str | None] | None = None,
        files: Mapping[str, str] | None = None,
        rules: tuple[Rule, ...] = (),
    ) -> Observation:
        """Return what the script would do; `files` are added to the world."""
        text = os.fsdecode(script) if isinstance(script, bytes) else script
        overlay = Overlay(files=((SCRIPT, text), *(files or {}).items()), commands=rules)
        return self.recorder.observe(Case("case", tuple(sorted((env or {}).items())), overlay))


def open_recorder(
    directory: Path, limits: dryrun.Limits | None = None, world: World = WORLD, bash: str | None = None
) -> dryrun.Recorder:
    """Return a recorder of the script that a `Scene` replaces."""
    scripts = directory / "scripts"
    scripts.mkdir(exist_ok=True, parents=True)
    script = scripts / "script.sh"
    script.write_text("", encoding="utf-8")
    return dryrun.Recorder(script, world, limits=limits, bash=bash)


def shown(step: Step) -> str:
    """Return a step on one line: `WORDS @DIRECTORY +NAME=VALUE -NAME =STATUS in:… out:… err:…`."""
    if isinstance(step, Source):
        return f"source {step.path}"
    if isinstance(step, Write):
        return f"{'append' if step.append else 'write'} {step.path}"
    if isinstance(step, Limit):
        return f"ulimit {step.resource} {step.value}"
    if isinstance(step, Umask):
        return f"umask {step.value}"
    assert isinstance(step, Execute)
    parts = [shlex.join(step.argv)]
    if step.cwd != ".":
        parts.append(f"@{step.cwd}")
    parts += [f"-{name}" if value is None else f"+{name}={value}" for name, value in step.env]
    if step.status:
        parts.append(f"={step.status}")
    streams = (("in", step.stdin), ("out", step.stdout), ("err", step.stderr))
    parts += [f"{name}:{value}" for name, value in streams if value is not None]
    return " ".join(parts)


def steps(observation: Observation) -> list[str]:
    """Return the steps of a run, each on one line."""
    return [shown(step) for step in observation.plan.steps]
