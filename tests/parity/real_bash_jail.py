"""The process that runs scripts for real: it answers every command, and nothing of a run outlives the run.

Started by `real_bash.py`, as process 1 of namespaces of its own where the machine lets it: then it gives itself a root
with bash, the tools and their libraries (read-only) and nothing else of the machine, no network, no rights, and an
ordinary user. Everywhere else it works in a plain folder, which is for our own scripts only.

Requests and answers are JSON texts behind their length, on the standard streams.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NoReturn

from tests.parity.real_bash_root import OPEN, Setup, clear, empty, furnish_root, link_all
from tests.parity.real_bash_run import SHELLS, Following, others

_libc = ctypes.CDLL(None, use_errno=True)
_DUMPABLE, _SUBREAPER, _NO_NEW_RIGHTS = 4, 36, 38
_LARGEST = 8 << 20
_LONG = 1 << 16
_TICK = 0.0003
_URGENT = -10
_DATE = 1_000_000_000
"""When the files were last changed that a script finds."""
_OUT = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LIMITS = (
    (resource.RLIMIT_AS, 1 << 30),
    (resource.RLIMIT_CPU, 20),
    # Of all that this user has on the machine, other jails among them: `real_bash_run.py` ends a run much earlier.
    (resource.RLIMIT_NPROC, 4000),
    (resource.RLIMIT_NOFILE, 1024),
    (resource.RLIMIT_STACK, 8 << 20),
)


class Jail:
    """Runs one script after the other."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._tools = setup.tools
        for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _LARGEST)):
            resource.setrlimit(limit, (most, most))
        if setup.contained:
            self._tools = furnish_root(setup)
            # However many processes a script starts, this one gets its turn.
            os.setpriority(os.PRIO_PROCESS, 0, _URGENT)
        self._opt = os.path.dirname(setup.at(setup.commands))
        for path in (setup.commands, setup.folder, setup.home, "/tmp", f"{os.path.dirname(setup.commands)}/.run"):
            os.makedirs(setup.at(path))
            os.chmod(setup.at(path), 0o1777 if path == "/tmp" else 0o755)
            if setup.contained:
                os.chown(path, setup.user, setup.user)
        if not setup.contained:
            shutil.copy(setup.stand_in, f"{self._opt}/.stand-in")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(f"{self._opt}/.ask")
        os.chmod(f"{self._opt}/.ask", 0o777)
        self._listener.listen(64)
        self._listener.setblocking(False)
        self._kept = {folder: os.listdir(folder or "/") for folder in OPEN} if setup.contained else {}
        self._bash = "/bin/bash" if setup.contained else setup.bash
        self._give_up_rights()
        self._wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        os.umask(0o022)

    def _give_up_rights(self) -> None:
        if self._setup.contained:
            os.setgroups([])
            os.setresgid(*[self._setup.user] * 3)
            os.setresuid(*[self._setup.user] * 3)
            # What runs here is the same user as this process, and must not be able to look into it.
            _libc.prctl(_DUMPABLE, 0, 0, 0, 0)
        _libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
        _libc.prctl(_SUBREAPER, 1, 0, 0, 0)

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run a script to its end, and say what it did."""
        self._furnish(request)
        tools = {name: self._tools[name] for name in request["file_tools"] if name in self._tools}
        tools.update(dict.fromkeys(SHELLS, self._bash))
        run = Following(self._setup, tools, self._listener, self._wake, request)
        try:
            status, ended = run.follow(self._start(request))
        finally:
            self._end_all()
            run.close()
        return {
            "pid": run.shell,
            "status": status,
            "ended": ended,
            "commands": run.records,
            "files": dict(self._left()),
            "stdout": self._printed(1),
            "stderr": self._printed(2),
        }

    def _furnish(self, request: Mapping[str, Any]) -> None:
        at = self._setup.at
        for path in (self._setup.folder, self._setup.home, "/tmp", f"{os.path.dirname(self._setup.commands)}/.run"):
            empty(at(path))
        for folder, kept in self._kept.items():
            clear(folder, kept)
        for path, text in {**request["files"], request["script"]: request["text"]}.items():
            whole = os.path.join(at(self._setup.folder), path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
            os.utime(whole, (_DATE, _DATE))
        os.chmod(os.path.join(at(self._setup.folder), request["script"]), 0o755)
        with open(f"{self._opt}/.run/stdin", "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(request["stdin"])
        wanted = dict.fromkeys((*request["commands"], *request["file_tools"], *SHELLS), f"{self._opt}/.stand-in")
        for name in request["text_tools"]:
            if name in self._tools:
                wanted[name] = self._tools[name]
        link_all(at(self._setup.commands), wanted)

    def _start(self, request: Mapping[str, Any]) -> int:
        child = os.fork()
        if child:
            return child
        try:
            self._become(request)
        finally:
            os._exit(126)

    def _become(self, request: Mapping[str, Any]) -> NoReturn:
        """Be the script, in a process of its own."""
        at = self._setup.at
        os.setsid()
        os.chdir(at(self._setup.folder))
        stdin = f"{self._opt}/.run/stdin" if request["stdin"] else os.devnull
        for fd, path, flags in ((0, stdin, os.O_RDONLY), (1, self._output(1), _OUT), (2, self._output(2), _OUT)):
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, fd)
            os.close(opened)
        if self._setup.contained:
            for limit, most in _LIMITS:
                resource.setrlimit(limit, (most, most))
            os.setpriority(os.PRIO_PROCESS, 0, 0)
        signal.set_wakeup_fd(-1)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        places = (self._setup.commands, self._setup.home)
        env = {name: led_to(value, {path: at(path) for path in places}) for name, value in request["env"].items()}
        program, *_ = words = request["argv"]
        os.execve(self._bash if program == "bash" else program, words, env)

    def _output(self, fd: int) -> str:
        return f"{self._opt}/.run/output.{fd}"

    def _printed(self, fd: int) -> str:
        with open(self._output(fd), "rb") as file:
            return os.fsdecode(file.read(_LARGEST))

    def _left(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield what stands below the folder: path, and kind, mode, content."""
        top = self._setup.at(self._setup.folder)
        modes: dict[int, int] = {}
        for folder, directories, files in os.walk(top):
            for name in sorted(directories + files):
                path = f"{folder}/{name}"
                yield os.path.relpath(path, top), _entry(path, modes)

    def _end_all(self) -> None:
        """End every process but this one."""
        while True:
            with contextlib.suppress(ProcessLookupError):
                for pid in [-1] if self._setup.contained else others(contained=False):
                    os.kill(pid, signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            time.sleep(_TICK)


def led_to(text: str, places: Mapping[str, str]) -> str:
    """Return a text with some paths in place of others."""
    for old, new in places.items():
        text = text.replace(old, new)
    return text


def _entry(path: str, modes: dict[int, int]) -> list[Any]:
    """Return what stands at a path, which becomes readable by it; `modes` are those of the files that were seen."""
    found = os.lstat(path)
    mode = modes.setdefault(found.st_ino, found.st_mode)
    if stat.S_ISLNK(mode):
        return ["link", 0, os.readlink(path)]
    if stat.S_ISDIR(mode):
        os.chmod(path, 0o700)
        return ["directory", stat.S_IMODE(mode), ""]
    if not stat.S_ISREG(mode):
        return ["fifo" if stat.S_ISFIFO(mode) else "other", stat.S_IMODE(mode), ""]
    os.chmod(path, 0o600)
    with open(path, "rb") as file:
        content = file.read()
    if len(content) > _LONG:
        return ["file", stat.S_IMODE(mode), f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"]
    return ["file", stat.S_IMODE(mode), os.fsdecode(content)]


def receive(stream: BinaryIO) -> Any:
    """Return the next message, None at the end."""
    head = stream.read(4)
    return json.loads(stream.read(struct.unpack("<I", head)[0])) if len(head) == 4 else None


def send(stream: BinaryIO, message: object) -> None:
    """Write one message."""
    text = json.dumps(message).encode()
    stream.write(struct.pack("<I", len(text)) + text)
    stream.flush()


def main() -> None:
    """Serve until the stream ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        jail = Jail(Setup(**receive(requests)))
    except OSError as error:
        send(answers, {"problem": str(error)})
        return
    send(answers, {"problem": ""})
    while (request := receive(requests)) is not None:
        send(answers, jail.run(request))
