"""Small programs, each for two executors: real bash, and a session. Both must run the same commands."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ci_port.host import Program, Session, function, observe
from ci_port.model import Case, Environment, Execute, Rule, World

STUB = """#!/bin/sh
printf '%s V=%s\\n' "$1" "${V-unset}" >> "$LOG"
[ "$3" ] && printf '%s\\n' "$3"
exit "$2"
"""
"""`c NAME STATUS [TEXT]`: log the name and `V`, print the text, exit with the status."""


class Row(NamedTuple):
    """The same small program twice."""

    id: str
    bash: str
    port: Program


def c(sh: Session, name: str, status: int = 0) -> None:
    """Run the stub."""
    sh.run("c", name, str(status))


def ok(sh: Session, name: str, status: int = 0) -> bool:
    """Run the stub as a condition."""
    return sh.ok("c", name, str(status))


@function
def fails_in_the_middle(sh: Session) -> None:
    """`f() { c one 0; c two 1; c three 0; }`."""
    c(sh, "one")
    c(sh, "two", 1)
    c(sh, "three")


F = "f() { c one 0; c two 1; c three 0; }; "


@function
def exits(sh: Session) -> None:
    """`x() { c one 0; exit 3; }`."""
    c(sh, "one")
    sh.exit(3)


X = "x() { c one 0; exit 3; }; "


@function
def returns(sh: Session) -> None:
    """`r() { c one 0; return 4; }`."""
    c(sh, "one")
    sh.return_(4)


R = "r() { c one 0; return 4; }; "


@function
def has_local(sh: Session) -> None:
    """`l() { local V=local; c one 0; f; }`."""
    sh.local(V="local")
    c(sh, "one")
    fails_in_the_middle(sh)


L = "l() { local V=local; c one 0; f; }; "


@function
def handler(sh: Session) -> None:
    """The first EXIT handler."""
    c(sh, "handler")


TRAP = "trap 'c handler 0' EXIT; "


def trapped(body: Callable[[Session], object]) -> Program:
    """Return the program with an EXIT handler."""

    def program(sh: Session) -> None:
        sh.trap_exit(handler)
        body(sh)

    return program


def then(*bodies: Callable[[Session], object]) -> Program:
    """Return a program that does one thing after the other."""

    def program(sh: Session) -> None:
        for body in bodies:
            body(sh)

    return program


def after(sh: Session) -> None:
    """`c after 0`."""
    c(sh, "after")


def in_subshell(body: Callable[[Session], object]) -> Program:
    """Return `( body )`."""

    def program(sh: Session) -> None:
        with sh.subshell():
            body(sh)

    return program


def excused(body: Callable[[Session], object]) -> Program:
    """Return `if body; then c yes 0; else c no 0; fi`."""
    return lambda sh: c(sh, "yes" if sh.status_of(body, sh) == 0 else "no")


def with_env(body: Program, value: str = "temp") -> Program:
    """Return `V=temp body`."""
    return lambda sh: sh.call(body, {"V": value})


def run_bash(script: str, scratch: Path) -> tuple[list[str], int]:
    """Return the log and the status of a script under real bash."""
    stub = scratch / "c"
    stub.write_text(STUB)
    stub.chmod(0o755)
    log = scratch / "log"
    log.write_text("")
    env = {"PATH": f"{scratch}:/usr/bin:/bin", "LOG": str(log), "V": "start"}
    done = subprocess.run(
        ["bash", "-c", f"set -e -o pipefail; {script}"], env=env, cwd=scratch, check=False, capture_output=True
    )
    return log.read_text().splitlines(), done.returncode


def run_port(program: Program) -> tuple[list[str], int]:
    """Return the same of a program in a session."""
    rules = tuple(Rule(("c", "*", str(status)), status) for status in range(1, 5))
    world = World(
        "/w", "/bin", Environment({"V": "start"}), commands=(Rule(("c", "cap", "3", "text"), 3, "text\n"), *rules)
    )
    plan = observe(program, world, Case("case", ())).plan
    log, value = [], "start"
    for step in plan.steps:
        assert isinstance(step, Execute)
        value = dict(step.env).get("V", value) or "unset"
        log.append(f"{step.argv[1]} V={value}")
    return log, plan.status


def check(row: Row, scratch: Path) -> None:
    """Assert that both run the same commands, with the same value of the variable, and end with the same status."""
    assert run_port(row.port) == run_bash(row.bash, scratch)
