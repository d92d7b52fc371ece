"""What really runs a tool for a port that plans: in a scratch tree, with nothing let out. It is handed to `observe`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ci_port.host.tree import Node, Tree
from ci_port.model import Execute, Unanswered, World


class Task(NamedTuple):
    """A tool to run: its words, absolute directory, exported environment and mask, what stands on its standard input.

    `world` is that of the run, with the case's changes. `stdin` None: nothing is known of it. `merged`: standard error
    goes where standard output goes.
    """

    world: World

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    umask: int
    stdin: str | None = None
    merged: bool = False


class Started(NamedTuple):
    """A command that the tool has started, with the environment that it got."""

    step: Execute
    env: Mapping[str, str]


class Done(NamedTuple):
    """How the tool ended: status, what it printed, what became of the paths that it changed (None: it is gone).

    `own` is its own step, None if it has only read and printed. `started` are the commands that it has started,
    `unanswered` what all this rests on.
    """

    status: int
    stdout: str
    stderr: str
    changes: Mapping[str, Node | None]
    own: Started | None = None
    started: tuple[Started, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


Bench = Callable[[Task, Tree], Done]
"""Runs a tool on the files of a tree, which stays as it is; raises RunFailed where that cannot be done."""
