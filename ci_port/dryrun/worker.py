"""The sandboxed process that runs scripts: one run at a time, asked and answered over its standard streams.

It gives up its own rights first (Landlock), so everything that it starts is held by the kernel as well as by the
library. It never prints: what goes to standard output is one JSON text a run, behind its length.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import resource
import select
import signal
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

from ci_port.dryrun import landlock
from ci_port.dryrun.control import BrokenLog, Configuration, Control, Kind, Limits, Record, decode_environment
from ci_port.dryrun.tree import Tree, layout_of
from ci_port.model import Case, World
from ci_port.model.plan import dumps

SILENT = frozenset(("PWD", "OLDPWD", "SHLVL", "_"))
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
_TICK = 0.05
_MESSAGES = 2000
_OUT_OF_MEMORY = re.compile(r"cannot allocate|Cannot allocate memory")
_PROBE = "ci_port_self_check one 'two three'"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to know once."""

    scratch: str
    script: str
    """The script's file name in its directory."""
    directory: str
    """The real directory of the scripts, as the user wrote it: places are shown with it."""
    stands_in: str
    """Where that directory stands in the world."""
    world: World
    limits: Limits
    bash: str
    library: str
    pure: dict[str, str]
    loaders: tuple[str, ...]


class Failure(Exception):
    """A run that has no plan; `where` holds the fields of a place."""

    def __init__(self, problem: str, where: dict[str, Any] | None = None) -> None:
        super().__init__(problem)
        self.where = where or {}


class Worker:
    """Runs the script of a setup."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._root = setup.scratch + "/root"
        self._tree = Tree(self._root, os.path.abspath(setup.directory), setup.stands_in)
        for name in ("blank", "stdin"):
            os.close(os.open(f"{setup.scratch}/{name}", os.O_WRONLY | os.O_CREAT, 0o644))
        os.mkdir(f"{setup.scratch}/tmp")
        self._control = Control(f"{setup.scratch}/control", setup.limits)
        self._confine()

    def _confine(self) -> None:
        limits = self._setup.limits
        landlock.die_with_parent()
        landlock.adopt_orphans()
        os.umask(0o022)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output, limits.output))
        landlock.restrict(
            writable=(self._setup.scratch,),
            executable=(self._setup.bash, *self._setup.pure.values(), *self._setup.loaders),
            devices=_DEVICES,
        )

    def check(self) -> str:
        """Return why this bash cannot be observed, or an empty text: one command must come out as one step."""
        try:
            self._prepare(Case("self-check", ()))
            status = self._run(["bash", "-c", _PROBE])
            records = self._control.records()
        except (Failure, BrokenLog, OSError) as error:
            return str(error)
        if not self._control.loaded:
            return (
                f"{self._setup.bash} (exit status {status}) does not let the recorder in: "
                "it is linked statically, or does not export the symbols that loadable builtins use"
            )
        seen = [record.argv for record in records if record.kind is Kind.EXECUTE]
        if status != 0 or seen != [("ci_port_self_check", "one", "two three")]:
            return f"{self._setup.bash} is observed wrongly: one command was recorded as {seen!r} with status {status}"
        return ""

    def observe(self, case: Case) -> str:
        """Return the JSON text of an observation, or of an error with its place."""
        try:
            return dumps(self._observe(case))
        except Failure as failure:
            return dumps({"error": str(failure), **failure.where})
        except BrokenLog as error:
            return dumps({"error": str(error)})
        except OSError as error:
            return dumps({"error": f"the scratch tree cannot be used: {error}"})

    def _observe(self, case: Case) -> dict[str, Any]:
        world, start = self._prepare(case)
        problem = ""
        status = 0
        try:
            status = self._run(["bash", f"{os.path.relpath(self._setup.stands_in, world.workspace)}/{self._setup.script}"])
        except Failure as failure:
            problem = str(failure)
        records = self._control.records()
        made = [record.texts[0] for record in records if record.kind is Kind.MKDIR]
        self._tree.undo(made, self._control.dirty)
        errors = [record for record in records if record.kind is Kind.ERROR]
        if errors:
            raise Failure(errors[0].texts[0], self._where(errors[0], errors[0].texts[1]))
        steps = [record for record in records if record.kind is not Kind.MKDIR]
        if not problem and self._control.stopped:
            problem = "the recorder ended the run without saying why"
        messages = self._messages()
        if not problem and status != 0 and _OUT_OF_MEMORY.search(messages):
            problem = f"the run needs more than {self._setup.limits.memory} bytes of memory"
        if problem:
            last = steps[-1] if steps else None
            raise Failure(problem, self._where(last, " ".join(last.argv)) if last else {})
        return {
            "plan": {"status": status, "steps": list(self._steps(steps, dict(start), world))},
            "places": [self._place(record) for record in steps],
            "answered": [bool(record.flags & 1) if record.kind is Kind.EXECUTE else True for record in steps],
            "lines": self._lines(),
            "messages": messages,
        }

    def _prepare(self, case: Case) -> tuple[World, dict[str, str]]:
        world = self._setup.world.overlaid(case.world)
        start = dict(world.start(dict(case.env)))
        self._tree.ensure(layout_of(world, ()))
        os.chdir(self._root + world.workspace)
        self._control.prepare(
            Configuration(
                root=self._root,
                blank=f"{self._setup.scratch}/blank",
                scratch_tmp=f"{self._setup.scratch}/tmp",
                workspace=world.workspace,
                script_dir=self._setup.stands_in,
                # `~` without HOME: the account of the world's user (behaviour.md 1.1).
                home=world.env.get("HOME", "/"),
                user=world.env.get("USER", "user"),
                pure=self._setup.pure,
                rules=world.rules(start),
                environment=start,
            )
        )
        return world, start

    def _run(self, argv: list[str]) -> int:
        """Run bash to its end and return its exit status; raises Failure at a limit. No process is left behind."""
        output = f"{self._setup.scratch}/output"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        deadline = time.monotonic() + self._setup.limits.seconds
        pid = os.posix_spawn(
            self._setup.bash,
            argv,
            {"LD_PRELOAD": self._setup.library, "CI_PORT_CONTROL": self._control.path},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, f"{self._setup.scratch}/stdin", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, f"{output}.1", flags, 0o600),
                (os.POSIX_SPAWN_OPEN, 2, f"{output}.2", flags, 0o600),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)],
        )
        try:
            code = self._wait(pid, deadline)
            self._wait_for_rest(deadline)
        except Failure:
            self._kill_all(pid)
            raise
        if max(os.path.getsize(f"{output}.{fd}") for fd in (1, 2)) >= self._setup.limits.output:
            raise Failure(f"the run prints more than {self._setup.limits.output} bytes")
        return code if code >= 0 else 128 - code

    def _wait(self, pid: int, deadline: float) -> int:
        fd = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            while not poll.poll(_TICK * 1000):
                self._check(deadline)
        finally:
            os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _wait_for_rest(self, deadline: float) -> None:
        """Let background jobs end that the script did not wait for: their commands are part of the plan."""
        delay = 0.0005
        with contextlib.suppress(ChildProcessError):
            while True:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    self._check(deadline)
                    time.sleep(delay)
                    delay = min(2 * delay, _TICK)

    def _check(self, deadline: float) -> None:
        limits = self._setup.limits
        if time.monotonic() > deadline:
            raise Failure(f"the run takes more than {limits.seconds:g} seconds")
        for fd in (1, 2):
            if os.path.getsize(f"{self._setup.scratch}/output.{fd}") >= limits.output:
                raise Failure(f"the run prints more than {limits.output} bytes")

    def _kill_all(self, pid: int) -> None:
        """End every descendant: those that lose their parent become children of this process and go next."""
        self._control.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                for child in _children():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                os.waitpid(-1, 0)

    def _messages(self) -> str:
        with open(f"{self._setup.scratch}/output.2", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MESSAGES))
            return os.fsdecode(file.read())

    def _steps(self, records: list[Record], environment: dict[str, str], world: World) -> Any:
        previous = {name: value for name, value in environment.items() if name not in SILENT}
        known = b""
        for record in records:
            if record.kind is not Kind.EXECUTE:
                yield self._other(record, world)
                continue
            step: dict[str, Any] = {"kind": "exec", "argv": record.argv, "cwd": relative(record.texts[0], world.workspace)}
            if record.environment != known:
                known = record.environment
                now = {name: value for name, value in decode_environment(known).items() if name not in SILENT}
                if now != previous:
                    names = now.keys() | previous.keys()
                    step["env"] = {name: now.get(name) for name in names if now.get(name) != previous.get(name)}
                previous = now
            if record.status:
                step["status"] = record.status
            for name, text in zip(("stdin", "stdout", "stderr"), record.texts[1:], strict=True):
                if text:
                    step[name] = _stream(text, world.workspace)
            yield step

    def _other(self, record: Record, world: World) -> dict[str, Any]:
        if record.kind is Kind.SOURCE:
            return {"kind": "source", "path": record.texts[0]}
        if record.kind is Kind.WRITE:
            path = relative(record.texts[0], world.workspace)
            return {"kind": "write", "path": path, "append": bool(record.flags & 1)}
        return {"kind": "ulimit", "resource": record.texts[0], "value": record.value if record.value >= 0 else "unlimited"}

    def _place(self, record: Record) -> list[Any]:
        return [self._shown(record.file), record.line, list(record.functions)]

    def _where(self, record: Record, command: str) -> dict[str, Any]:
        return {"place": self._place(record), "command": command}

    def _shown(self, file: str) -> str:
        """Return the name of a script's file as the user knows it, whatever way the script wrote it."""
        workspace = self._setup.world.workspace
        whole = os.path.normpath(os.path.join(workspace, file)) if file else ""
        inside = os.path.relpath(whole, self._setup.stands_in) if whole else ".."
        return file if inside.startswith("..") else os.path.join(self._setup.directory, inside)

    def _lines(self) -> dict[str, list[int]]:
        merged: dict[str, set[int]] = {}
        for file, lines in self._control.lines():
            merged.setdefault(self._shown(file), set()).update(lines)
        return {file: sorted(lines) for file, lines in merged.items()}


def relative(path: str, workspace: str) -> str:
    """Return a path as plans write it: relative to the workspace, absolute outside it."""
    if path == workspace:
        return "."
    return path[len(workspace) + 1 :] if path.startswith(workspace + "/") else path


def _stream(text: str, workspace: str) -> str:
    if text.startswith(">>"):
        return ">>" + relative(text[2:], workspace)
    return relative(text, workspace)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def send(stream: BinaryIO, data: bytes) -> None:
    """Write one message: its length, then its bytes."""
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> bytes | None:
    """Return the next message, or None at the end of the stream."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    size = struct.unpack("<Q", head)[0]
    data = stream.read(size)
    return data if len(data) == size else None


def main() -> None:
    """Serve one recorder until it closes the stream. Requests are pickles of our own parent, answers are JSON."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    first = receive(requests)
    if first is None:
        return
    try:
        worker = Worker(pickle.loads(first))
        problem = worker.check()
    except OSError as error:
        problem = f"the sandbox cannot be set up: {error}"
    send(answers, json.dumps({"problem": problem}).encode())
    while not problem and (request := receive(requests)) is not None:
        send(answers, worker.observe(pickle.loads(request)).encode())
