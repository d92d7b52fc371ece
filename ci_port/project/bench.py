"""The bench of a port that plans: a recorder runs each tool, as a script of one command, on the files of the run."""

from __future__ import annotations

import atexit
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci_port.bash.variables import CARRIED, why_not_followed
from ci_port.dryrun import CannotRunHere, Recorder
from ci_port.dryrun.own_files import Entry, OwnFile, OwnLink, own_files
from ci_port.dryrun.probes import Call, TextOf
from ci_port.host.bench import Done, Started, Task
from ci_port.host.tree import Directory, Node, Regular, Symlink, Tree, Unread, text_of
from ci_port.model import Case, Execute, File, Link, Observation, Overlay, RunFailed, Step, World
from ci_port.model.files import Content
from ci_port.model.observation import Left

_CODE = 'eval "$1"; shift; exec "$@"'
_SINCE = 1_735_646_400
"""Twelve hours before a run begins, and twelve after the files of the world were written (`ci_port.dryrun.tree`)."""


_STARTING = frozenset(("bash", "env", "find", "sh", "xargs"))
"""Commands that start others."""


def _no_status(call: Call, text_of: TextOf) -> bool:
    """Return False: what a status decides is the port's own affair."""
    del call, text_of
    return False


def own_nodes(script: Path, world: World) -> dict[str, Node]:
    """Return the script's own files as the port finds them; raises UsageError where they cannot be had."""
    return {path: _own_node(entry) for path, entry in own_files(script, world).entries.items()}


def _own_node(entry: Entry) -> Node:
    if isinstance(entry, OwnFile):
        return Regular(Unread(entry.real), entry.mode)
    return Symlink(entry.target) if isinstance(entry, OwnLink) else Directory()


class RecordingBench:
    """Runs tools for a port, one at a time; the recorder is opened when the first one comes."""

    def __init__(self, script: Path, world: World) -> None:
        self._script = script
        self._world = replace(world, shell=("bash", "-c", _CODE))
        self._tree = Tree.of(world, own_nodes(script, world))
        self._recorder: Recorder | None = None
        self._lock = threading.Lock()

    def __call__(self, task: Task, tree: Tree) -> Done:
        """Run a tool; raises RunFailed if that cannot be done."""
        if problem := why_not_followed(task.env):
            raise RunFailed(problem)
        starts = "/" in task.argv[0] or task.argv[0] in _STARTING
        if starts and any(rule.nth for rule in task.world.commands):
            raise RunFailed("a tool that really runs in a world with a rule that counts (nth)", None, task.argv[0])
        before = list(self._prelude(task, tree))
        case = Case(
            "bench",
            tuple(sorted(self._changed(task.env).items())),
            self._overlay(task.world, tree),
            (
                "; ".join([*before, f"cd -- {shlex.quote(task.cwd)}", *(["exec 2>&1"] if task.merged else [])]),
                *task.argv,
            ),
            task.stdin,
        )
        with self._lock:
            observation = self._opened().observe(case)
        return _done(task, tree, observation, len(before))

    def close(self) -> None:
        """End the recorder."""
        if self._recorder is not None:
            self._recorder.close()

    def _opened(self) -> Recorder:
        if self._recorder is None:
            try:
                self._recorder = Recorder(self._script, self._world, decides=_no_status, changes=True)
            except CannotRunHere as error:
                raise RunFailed(f"a tool has to run really, and cannot here: {error}") from None
            atexit.register(self.close)
        return self._recorder

    def _changed(self, env: Mapping[str, str]) -> dict[str, str | None]:
        start = self._world.start()
        changed: dict[str, str | None] = {name: None for name in start if name not in env}
        changed.update((name, value) for name, value in env.items() if start.get(name) != value)
        return {name: value for name, value in changed.items() if name not in CARRIED}

    def _overlay(self, world: World, tree: Tree) -> Overlay:
        """Return what makes the recorder's world that of the run, as far as a case can say it."""
        files: list[tuple[str, Content]] = []
        gone: list[str] = []
        for path, node in tree.differences(self._tree):
            if node is None:
                gone.append(path)
            elif isinstance(node, Symlink):
                files.append((path, Link(node.target)))
            elif isinstance(node, Regular):
                files.append((path, File(text_of(node), node.mode)))
        own = len(world.commands) - len(self._world.commands)
        missing = tuple(sorted(world.missing - self._world.missing))
        return Overlay(world.commands[:own], tuple(files), tuple(gone), missing)

    def _prelude(self, task: Task, tree: Tree) -> Iterator[str]:
        """Yield the commands, each a step, that make what a case cannot say: directories, modes, times, the mask."""
        modes = []
        for path, node in tree.differences(self._tree):
            if isinstance(node, Directory):
                yield f"mkdir -p -- {shlex.quote(path)}"
                if node.mode != 0o777 & ~self._world.umask:
                    modes.append(f"chmod {node.mode:o} -- {shlex.quote(path)}")
            elif node is not None and node.stamp:
                yield f"touch -h -d @{_SINCE + node.stamp} -- {shlex.quote(path)}"
        yield from reversed(modes)
        if task.umask != self._world.umask:
            yield f"umask {task.umask:03o}"


def _done(task: Task, tree: Tree, observation: Observation, before: int) -> Done:
    env = dict(task.env)
    found: list[Started] = []
    for step in observation.plan.steps[before:]:
        if not isinstance(step, Execute):
            raise RunFailed("a tool has done what only a shell does", None, " ".join(task.argv))
        env = _after(env, (step,))
        found.append(Started(step, env))
        env = _after(env, step.steps)
    own = found[0] if found and found[0].step.argv == task.argv else None
    if own is not None and own.step.steps:
        own = own._replace(env=env)
    return Done(
        observation.plan.status,
        observation.output,
        observation.messages,
        dict(_changes(tree, observation.changes)),
        own,
        tuple(found[1:] if own else found),
        observation.unanswered,
    )


def _after(env: Mapping[str, str], steps: Sequence[Step]) -> dict[str, str]:
    """Return the environment of the last command, those of scripts that are followed among them."""
    found: dict[str, str | None] = dict(env)
    for step in steps:
        if isinstance(step, Execute):
            found.update(step.env)
            found = {**_after({name: value for name, value in found.items() if value is not None}, step.steps)}
    return {name: value for name, value in found.items() if value is not None}


def _changes(tree: Tree, changes: Mapping[str, Left | None]) -> Iterator[tuple[str, Node | None]]:
    """Yield what is another thing than before; what was only made ready is not."""
    for path, left in sorted(changes.items()):
        there = tree.node(path, follow=False)
        node = None if left is None else _node(path, left)
        if _seen(node) != _seen(there):
            yield path, node


def _node(path: str, left: Left) -> Node:
    if left.kind == "file":
        return Regular(left.content, left.mode)
    if left.kind == "directory":
        return Directory(mode=left.mode)
    if left.kind == "link":
        return Symlink(left.content)
    raise RunFailed(f"a tool has made {path}, a {left.kind}, which is unknown to the port's side")


def _seen(node: Node | None) -> object:
    if isinstance(node, Regular):
        return text_of(node), node.mode
    return (Directory, node.mode) if isinstance(node, Directory) else node and node.target
