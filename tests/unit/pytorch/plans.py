"""What the port's tests share: plans of single functions in the world of the recordings."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from ci_port.host import Program, Session, observe
from ci_port.model import Case, Execute, Observation, Overlay, Plan, Rule, World
from ci_port.model.world import load_world

WORLD = Path(__file__).parents[2] / "parity" / "recorded" / "world.json"
PLAIN = "linux-jammy-py3.10-gcc11"
CUDA = "linux-jammy-cuda12.8-py3.10-gcc11"
ROCM = "linux-jammy-rocm-py3.10"
CLEAN = "git status --porcelain"

Env = Mapping[str, "str | None"]


@functools.cache
def world() -> World:
    """Return the world of the recordings."""
    return load_world(WORLD)


def observed(program: Program, env: Env | None = None, overlay: Overlay | None = None) -> Observation:
    """Return what a program does in the recorded world with these variables laid over it."""
    return observe(program, world(), Case("case", tuple((env or {}).items()), overlay))


def plan(program: Program, env: Env | None = None, overlay: Overlay | None = None) -> Plan:
    """Return its plan."""
    return observed(program, env, overlay).plan


def before_another(program: Program) -> Program:
    """Return the program with one more command behind it, which shows what is left in the environment."""

    def both(sh: Session) -> None:
        program(sh)
        sh.run("after")

    return both


def executed(plan: Plan) -> list[Execute]:
    """Return the commands of a plan."""
    return [step for step in plan.steps if isinstance(step, Execute)]


def texts(plan: Plan) -> list[str]:
    """Return the commands as texts."""
    return [" ".join(step.argv) for step in executed(plan)]


def exported(plan: Plan, name: str) -> list[str | None]:
    """Return the values that a variable changes to, command by command; None is unset."""
    return [dict(step.env)[name] for step in executed(plan) if name in dict(step.env)]


def failing(*argv: str, status: int = 1) -> Overlay:
    """Return a world in which a command fails."""
    return Overlay((Rule(argv, status),))


def having(*files: str) -> Overlay:
    """Return a world with more (empty) files in the workspace, or anywhere if absolute."""
    return Overlay(files=tuple((str(Path(world().workspace) / file), "") for file in files))
