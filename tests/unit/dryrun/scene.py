"""A small world and short names for what is recorded in it, so that a case fits on one line."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from ci_port import dryrun
from ci_port.dryrun import process
from ci_port.dryrun.probes import Call, Decides, TextOf, every_status
from ci_port.model import (
    Case,
    Content,
    Digest,
    Environment,
    Execute,
    Limit,
    Observation,
    Overlay,
    Rule,
    Source,
    Step,
    Text,
    Umask,
    World,
    Write,
)
from ci_port.model.tools import PURE as PURE_TOOLS

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


WORLD_2 = World(
    version=2,
    workspace="/w",
    path="/opt/bin",
    scripts="ci",
    env=Environment({"HOME": "/home/user", "USER": "user", "LANG": "C.UTF-8"}),
    executables=frozenset({"/opt/bin/known"}),
    commands=(
        Rule(("emit", "**")),
        Rule(("say", "**"), stdout="said\n"),
        Rule(("warn", "**"), stderr="warned\n"),
        Rule(("fails", "**"), status=3),
        Rule(("server", "**")),
    ),
    pure=PURE_TOOLS,
)
"""A world in which files change; `emit`, `say`, `warn`, `fails` and `server` are commands of which all is known."""
SCRIPT_2 = "/w/ci/script.sh"


@dataclass(frozen=True)
class Scene:
    """A recorder, and the way to give it another script for every run: the world's files lie over the script's."""

    recorder: dryrun.Recorder
    script: str = SCRIPT

    def run(
        self,
        script: str | bytes,
        *,
        env: Mapping[str, str | None] | None = None,
        files: Mapping[str, Content] | None = None,
        rules: tuple[Rule, ...] = (),
        absent: tuple[str, ...] = (),
        missing: tuple[str, ...] = (),
        executables: tuple[str, ...] = (),
        args: tuple[str, ...] = (),
        stdin: str | None = None,
    ) -> Observation:
        """Return what the script would do; `files`, `rules` and what follows them are added to the world."""
        text = os.fsdecode(script) if isinstance(script, bytes) else script
        overlay = Overlay(rules, ((self.script, text), *(files or {}).items()), absent, missing, executables)
        return self.recorder.observe(Case("case", tuple(sorted((env or {}).items())), overlay, args, stdin))


def open_recorder(
    directory: Path,
    limits: dryrun.Limits | None = None,
    world: World = WORLD,
    bash: str | None = None,
    decides: Decides = every_status,
    looks: bool = False,
    courses: bool = False,
) -> dryrun.Recorder:
    """Return a recorder of the script that a `Scene` replaces."""
    scripts = directory / "scripts"
    scripts.mkdir(exist_ok=True, parents=True)
    script = scripts / "script.sh"
    script.write_text("", encoding="utf-8")
    return dryrun.Recorder(script, world, limits=limits, bash=bash, decides=decides, looks=looks, courses=courses)


def no_status(call: Call, text_of: TextOf) -> bool:
    """Return False: no status decides anything."""
    del call, text_of
    return False


def shown(step: Step, contents: bool = False) -> str:
    """Return a step on one line: `WORDS @DIRECTORY +NAME=VALUE -NAME =STATUS in:… out:… err:…`.

    With `contents` what is fed and written stands behind `<<` and `<-`.
    """
    if isinstance(step, Source):
        return f"source {step.path}"
    if isinstance(step, Write):
        text = f" <- {_content(step.text)}" if contents else ""
        return f"{'append' if step.append else 'write'} {step.path}{text}"
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
    if contents and step.input is not None:
        parts.append(f"<< {_content(step.input)}")
    return " ".join(parts)


def _content(text: Text | None) -> str:
    """Return a content as Python writes it; of a digest, the number of bytes."""
    return f"{text.size} bytes" if isinstance(text, Digest) else repr(text)


def steps(observation: Observation) -> list[str]:
    """Return the steps of a run, each on one line."""
    return [shown(step) for step in observation.plan.steps]


def told(observation: Observation) -> list[str]:
    """Return the steps of a run with what they are fed and write; those below another have two blanks before them."""
    return list(_told(observation.plan.steps, ""))


def _told(found: Iterable[Step], before: str) -> Iterator[str]:
    for step in found:
        yield before + shown(step, contents=True)
        yield from _told(step.steps if isinstance(step, Execute) else (), before + "  ")


def asked(observation: Observation) -> list[str]:
    """Return what is unanswered, each on one line: `KIND SUBJECT`."""
    return [" ".join((each.what.value, *each.subject)) for each in observation.unanswered]


_NO_LANDLOCK = "from ci_port.dryrun import landlock; landlock.version = lambda: 0; "
_NO_SECCOMP = (
    "from ci_port.dryrun import mounts, seccomp; seccomp.is_there = lambda: False; mounts.seal = lambda _: False; "
)
KERNELS = {
    "no Landlock": _NO_LANDLOCK,
    "no seccomp and no mounts": _NO_SECCOMP,
    "none of them": _NO_LANDLOCK + _NO_SECCOMP,
}
"""Kernels that lack something, as what a worker is told before it starts."""


@contextlib.contextmanager
def lesser_kernel(name: str) -> Iterator[None]:
    """Have workers start as on a kernel of KERNELS; under any other name as on this one."""
    boot = "import sys; sys.path.insert(0, {0!r}); " + KERNELS.get(name, "") + process._BOOT.replace("{!r}", "{0!r}")
    with mock.patch.object(process, "_BOOT", boot):
        yield
