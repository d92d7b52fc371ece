"""The sandboxed process that runs scripts: one run at a time, asked and answered over its standard streams.

It gives up its own rights first (Landlock), so everything that it starts is held by the kernel as well as by the
library. It never prints: what goes to standard output is one JSON text a run, behind its length.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import random
import resource
import select
import shutil
import signal
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

from ci_port.dryrun import landlock
from ci_port.dryrun.control import BrokenLog, Configuration, Control, Kind, Limits, Record, changes
from ci_port.dryrun.cores import on_one_core
from ci_port.dryrun.tree import Tree, layout_of
from ci_port.model import Case, World
from ci_port.model.plan import dumps

SILENT = frozenset(("PWD", "OLDPWD", "SHLVL", "_"))
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
_TICK = 0.05
# Signals that end a run from outside, or because bash cannot go on, unless the script itself sends them.
_CRASHES = frozenset((signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS))
_ENDED = _CRASHES | {signal.SIGKILL, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ}
_STACK = 8 << 20
_NOISE = 1 << 16
# Reading the directory arms what tells the lines, as opening a script does.
_PROBE = ": < .; ci_port_self_check one 'two three'"


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


class Abandoned(Exception):
    """Nobody waits for the answer any more: the recorder's own process has closed the stream, or has ended."""


class Worker:
    """Runs the script of a setup."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._names: dict[str, str] = {}
        self._root = setup.scratch + "/root"
        self._tree = Tree(self._root, os.path.abspath(setup.directory), setup.stands_in)
        for name in ("blank", "stdin"):
            os.close(os.open(f"{setup.scratch}/{name}", os.O_WRONLY | os.O_CREAT, 0o644))
        os.mkdir(f"{setup.scratch}/tmp")
        with open(f"{setup.scratch}/noise", "wb") as file:
            file.write(random.Random(0).randbytes(_NOISE))
        # The loader takes blanks and colons in LD_PRELOAD for separators; a scratch directory has none.
        self._library = f"{setup.scratch}/recorder.so"
        os.symlink(setup.library, self._library)
        self._control = Control(f"{setup.scratch}/control", setup.limits)
        self._confine()

    def _confine(self) -> None:
        limits = self._setup.limits
        landlock.adopt_orphans()
        landlock.give_up_capabilities()
        os.umask(0o022)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output, limits.output))
        # How deep functions may call themselves must not depend on the machine.
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        soft = _STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
        landlock.restrict(
            writable=(self._setup.scratch,),
            executable=(self._setup.bash, *self._setup.pure.values(), *self._setup.loaders),
            devices=_DEVICES,
        )

    def check(self) -> str:
        """Return why this bash cannot be observed, or an empty text: one command must come out as one step."""
        try:
            self._prepare(Case("self-check", tuple((name, None) for name in ("BASH_ENV", "BASHOPTS", "SHELLOPTS"))))
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
        if not self._control.hooked:
            return f"{self._setup.bash} does not show which lines it runs: it was built with a malloc of its own"
        return ""

    def observe(self, case: Case) -> str:
        """Return the JSON text of an observation, or of an error with its place."""
        try:
            return dumps(self._observe(case))
        except Failure as failure:
            return dumps({"error": str(failure), **failure.where})
        except OSError as error:
            return dumps({"error": f"the scratch tree cannot be used: {error}"})

    def _observe(self, case: Case) -> dict[str, Any]:
        world, start = self._prepare(case)
        problem = ""
        status = 0
        try:
            status = self._run(
                ["bash", f"{os.path.relpath(self._setup.stands_in, world.workspace)}/{self._setup.script}"]
            )
        except Failure as failure:
            problem = str(failure)
        records = self._records()
        errors = [record for record in records if record.kind is Kind.ERROR]
        if errors:
            raise Failure(errors[0].texts[0], self._where(errors[0], errors[0].texts[1]))
        if not problem and self._control.stopped:
            problem = "the recorder ended the run without saying why"
        if problem:
            raise Failure(problem, self._last())
        steps = [record for record in records if record.kind is not Kind.MKDIR]
        return {
            "plan": {"status": status, "steps": list(self._steps(steps, start, world))},
            "places": [self._place(record) for record in steps],
            "answered": [bool(record.flags & 1) if record.kind is Kind.EXECUTE else True for record in steps],
            "lines": self._lines(),
            "messages": self._messages(),
        }

    def _records(self) -> list[Record]:
        """Return what the run left in the log, and put the tree back."""
        try:
            records = self._control.records()
        except BrokenLog as error:
            self._tree.forget()
            raise Failure(str(error), self._last()) from None
        self._tree.undo([record.texts[0] for record in records if record.kind is Kind.MKDIR], self._control.dirty)
        return records

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
                noise=f"{self._setup.scratch}/noise",
                script_dir=self._setup.stands_in,
                # `~` without HOME: the account of the world's user (docs/bash.md#unquoted-words).
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
        with on_one_core():
            pid = os.posix_spawn(
                self._setup.bash,
                argv,
                {"LD_PRELOAD": self._library, "CI_PORT_CONTROL": self._control.path},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, f"{self._setup.scratch}/stdin", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, f"{output}.1", flags, 0o600),
                    (os.POSIX_SPAWN_OPEN, 2, f"{output}.2", flags, 0o600),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=[
                    number for number in signal.valid_signals() if number not in (signal.SIGKILL, signal.SIGSTOP)
                ],
            )
        try:
            code = self._wait(pid, deadline)
            self._wait_for_rest(deadline)
            self._check_sizes()
        except (Failure, Abandoned):
            self._kill_all(pid)
            raise
        if code >= 0:
            return code
        if -code in _ENDED and not self._control.sent(-code):
            raise Failure(f"bash was ended by signal {-code} ({signal.strsignal(-code)})")
        return 128 - code

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
        if time.monotonic() > deadline:
            raise Failure(f"the run takes more than {self._setup.limits.seconds:g} seconds")
        if _closed(sys.stdin.fileno()):
            raise Abandoned
        self._check_sizes()

    def _check_sizes(self) -> None:
        most = self._setup.limits.output
        if max(os.path.getsize(f"{self._setup.scratch}/output.{fd}") for fd in (1, 2)) >= most:
            raise Failure(f"the run prints more than {most} bytes")
        if self._control.dirty and self._tree.size() - self._tree.built >= most:
            raise Failure(f"the run writes more than {most} bytes into files")

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
        """Return the end of what was printed on standard error; where it is cut, it begins with a whole line."""
        with open(f"{self._setup.scratch}/output.2", "rb") as file:
            left_out = max(0, os.fstat(file.fileno()).st_size - self._setup.limits.messages)
            file.seek(left_out)
            text = file.read()
        _, newline, whole = text.partition(b"\n")
        return os.fsdecode(whole if left_out and newline else text)

    def _steps(self, records: list[Record], start: dict[str, str], world: World) -> Any:
        known = frozenset(os.fsencode(f"{name}={value}") for name, value in start.items())
        for record in records:
            if record.kind is not Kind.EXECUTE:
                yield self._other(record, world)
                continue
            step: dict[str, Any] = {
                "kind": "exec",
                "argv": record.argv,
                "cwd": world.relative(record.texts[0]),
            }
            found = changes(known, record.environment)
            if env := {name: value for name, value in found.items() if name not in SILENT}:
                step["env"] = env
            known = record.environment
            if record.status:
                step["status"] = record.status
            for name, text in zip(("stdin", "stdout", "stderr"), record.texts[1:], strict=True):
                if text:
                    step[name] = _stream(text, world)
            yield step

    def _other(self, record: Record, world: World) -> dict[str, Any]:
        if record.kind is Kind.SOURCE:
            return {"kind": "source", "path": record.texts[0]}
        if record.kind is Kind.WRITE:
            path = world.relative(record.texts[0])
            return {"kind": "write", "path": path, "append": bool(record.flags & 1)}
        return {
            "kind": "ulimit",
            "resource": record.texts[0],
            "value": record.value if record.value >= 0 else "unlimited",
        }

    def _place(self, record: Record) -> list[Any]:
        return [self._shown(record.file), record.line, list(record.functions)]

    def _where(self, record: Record, command: str) -> dict[str, Any]:
        return {"place": self._place(record), "command": command}

    def _last(self) -> dict[str, Any]:
        """Return where the run was when it ended: no command of it is to blame more than the last one."""
        at = self._control.at
        if at is None:
            return {}
        line = at[1]
        where: dict[str, Any] = {"place": [self._shown(at[0]), line, []]}
        whole = os.path.normpath(os.path.join(self._root + self._setup.world.workspace, at[0].lstrip("/")))
        with contextlib.suppress(OSError, IndexError), open(whole, encoding="utf-8", errors="replace") as source:
            where["command"] = source.read().split("\n")[line - 1].strip()
        return where

    def _shown(self, file: str) -> str:
        """Return the name of a script's file as the user knows it, whatever way the script wrote it."""
        if file not in self._names:
            whole = os.path.normpath(os.path.join(self._setup.world.workspace, file)) if file else ""
            inside = os.path.relpath(whole, self._setup.stands_in) if whole else ".."
            self._names[file] = file if inside.startswith("..") else os.path.join(self._setup.directory, inside)
        return self._names[file]

    def _lines(self) -> dict[str, list[int]]:
        merged: dict[str, set[int]] = {}
        for file, lines in self._control.lines():
            merged.setdefault(self._shown(file), set()).update(lines)
        return {file: sorted(lines) for file, lines in merged.items()}


def _stream(text: str, world: World) -> str:
    return ">>" + world.relative(text[2:]) if text.startswith(">>") else world.relative(text)


def _closed(fd: int) -> bool:
    """Return whether the other end of a pipe is closed."""
    poll = select.poll()
    poll.register(fd, 0)
    return bool(poll.poll(0))


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
    setup: Setup = pickle.loads(first)
    with contextlib.suppress(Abandoned, BrokenPipeError):
        try:
            worker = Worker(setup)
            problem = worker.check()
        except OSError as error:
            problem = f"the sandbox cannot be set up: {error}"
        send(answers, json.dumps({"problem": problem}).encode())
        while not problem and (request := receive(requests)) is not None:
            send(answers, worker.observe(pickle.loads(request)).encode())
    # Our parent removes all of it, unless it was killed: then an empty directory is all that stays.
    shutil.rmtree(setup.scratch, ignore_errors=True)
