"""One run: commands ask, and are answered in an order that does not depend on which process is quicker.

A command is only looked at when every other process of the run waits for something. What a process started comes
before what it does itself afterwards, and what was put into the background before what was started after it.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import stat
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.parity.real_bash_root import Setup
from tests.parity.real_bash_rules import Rules, changes

_libc = ctypes.CDLL(None, use_errno=True)
_NO_WAITING = 2
_LARGEST = 8 << 20
_PIPE = 1 << 16
_IDLE = 0.0003
_BUSY = 1.0
_COUNTS = 0.01
_MOST_PROCESSES = 150
SHELLS = frozenset(("bash", "sh"))

with open("/proc/sys/kernel/pid_max") as _limit:
    _MOST_IDS = int(_limit.read())


@dataclass
class Asked:
    """A command that waits for its answer; `record` is what is known of it, once it has its place in the order.

    `key` is that place: a process stands behind all that it started, and those in the order in which they were started.
    """

    line: socket.socket
    pid: int
    key: tuple[int, ...]
    argv: list[str]
    cwd: str
    env: list[str]
    streams: dict[int, int]
    record: dict[str, Any] | None = None

    def close(self) -> None:
        """Let go of the command's own streams."""
        for fd in self.streams.values():
            os.close(fd)
        self.streams = {}

    @property
    def _pipe(self) -> int | None:
        """The pipe that the command reads, if it reads one."""
        fd = self.streams.get(0)
        return fd if fd is not None and stat.S_ISFIFO(os.fstat(fd).st_mode) else None

    @property
    def writers_gone(self) -> bool:
        """Whether nobody will write any more into what the command reads."""
        if self._pipe is None:
            return True
        poll = select.poll()
        poll.register(self._pipe, 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    @property
    def full(self) -> bool:
        """Whether the pipe that the command reads is full, so that its writers wait for it."""
        if self._pipe is None:
            return False
        room = array.array("i", [0])
        fcntl.ioctl(self._pipe, termios.FIONREAD, room)
        return room[0] > _PIPE - 4096

    def input(self) -> bytes:
        """Return what stands ready on standard input, without taking it; nothing of a file that has a name."""
        fd = self.streams.get(0)
        if fd is None:
            return b""
        kind = os.fstat(fd)
        if stat.S_ISREG(kind.st_mode) and kind.st_nlink == 0:
            return os.pread(fd, _LARGEST, os.lseek(fd, 0, os.SEEK_CUR))
        if self._pipe is None:
            return b""
        read, write = os.pipe()
        try:
            copied = _libc.tee(fd, write, ctypes.c_size_t(_PIPE), _NO_WAITING)
            return os.read(read, copied) if copied > 0 else b""
        finally:
            os.close(read)
            os.close(write)


def _is_first_line(asked: Asked) -> bool:
    """Whether a script's own first line starts the shell (`#!/usr/bin/env sh`): bash has started the script."""
    started = next((text[2:] for text in asked.env if text.startswith("_=")), "")
    return asked.argv[0] in SHELLS and len(asked.argv) > 1 and started == asked.argv[1]


class Following:
    """Follows one run from its start to the end of its last process."""

    def __init__(
        self, setup: Setup, tools: Mapping[str, str], listener: socket.socket, wake: int, request: Mapping[str, Any]
    ) -> None:
        self._contained = setup.contained
        self._tools = tools
        self._listener = listener
        self._wake = wake
        self._script = request["script"]
        self._seconds = request["seconds"]
        self._follow = request["follow"]
        self._rules = Rules(request["rules"])
        self._waiting: list[Asked] = []
        self._running: dict[socket.socket, dict[str, Any]] = {}
        self._busy_since = 0.0
        self._next_count = 0.0
        self.shell = 0
        self.records: list[dict[str, Any]] = []

    def follow(self, pid: int) -> tuple[int, str]:
        """Answer what asks until no process is left; return the exit status and why it was ended, if it was."""
        self.shell = pid
        status = 0
        deadline = time.monotonic() + self._seconds
        while True:
            self._hear()
            try:
                while (gone := os.waitpid(-1, os.WNOHANG))[0]:
                    status = _shell_status(gone[1]) if gone[0] == pid else status
            except ChildProcessError:
                return status, ""
            if reason := self._too_much(deadline):
                return status, reason
            if not self._go_on():
                self._pause()

    def _too_much(self, deadline: float) -> str:
        """Return why the run must end from outside, if it must."""
        now = time.monotonic()
        if now > deadline:
            return "time"
        if now > self._next_count:
            self._next_count = now + _COUNTS
            if len(others(self._contained)) > _MOST_PROCESSES:
                return "processes"
        return ""

    def close(self) -> None:
        """Let go of what waits and runs, whose processes have been ended."""
        for asked in self._waiting:
            asked.close()
            asked.line.close()
        for line in self._running:
            line.close()

    def _pause(self) -> None:
        """Wait until something happens."""
        poll = select.poll()
        for fd in (self._wake, self._listener.fileno(), *(line.fileno() for line in self._running)):
            poll.register(fd, select.POLLIN)
        poll.poll((_IDLE if self._waiting else _COUNTS) * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _hear(self) -> None:
        """Take what has come: new questions, and how tools ended."""
        while True:
            try:
                line, _ = self._listener.accept()
            except BlockingIOError:
                break
            line.settimeout(1)
            try:
                self._waiting.append(_asked(line, self.shell))
            except (OSError, ValueError):
                line.close()
        for line, record in list(self._running.items()):
            try:
                said = line.recv(4)
            except BlockingIOError:
                continue
            except OSError:
                said = b""
            if len(said) == 4:
                record["status"] = _shell_status(struct.unpack("i", said)[0])
            line.close()
            del self._running[line]

    def _go_on(self) -> bool:
        """Give the next command its place or its answer, if nothing else can go on; return whether one got it."""
        if not self._waiting:
            return False
        if not self._settled():
            self._busy_since = self._busy_since or time.monotonic()
            if time.monotonic() < self._busy_since + _BUSY:
                return False
        self._busy_since = 0.0
        self._hear()
        chosen = self._next()
        if chosen.record is None:
            self._note(chosen)
            if not chosen.writers_gone and not self._really_runs(chosen):
                return True
        self._waiting.remove(chosen)
        with contextlib.suppress(OSError):
            self._answer(chosen)
        chosen.close()
        return True

    def _next(self) -> Asked:
        """Return who is next: whose input is complete, then who was started first, then who holds up all others."""
        self._waiting.sort(key=lambda asked: asked.key)
        for asked in self._waiting:
            if asked.record is not None and asked.writers_gone:
                return asked
        for asked in self._waiting:
            if asked.record is None:
                return asked
        return next((asked for asked in self._waiting if asked.full), self._waiting[0])

    def _settled(self) -> bool:
        """Whether every process waits for something: twice the same, and none has run between the two looks."""
        waiting = {asked.pid for asked in self._waiting}
        before: dict[int, tuple[str, str]] | None = None
        for _ in range(2):
            seen = {pid: (_status(pid)[0], _times_run(pid)) for pid in others(self._contained) if pid not in waiting}
            if any(state in "RD" for state, _ in seen.values()) or before not in (None, seen):
                return False
            before = seen
        return True

    def _really_runs(self, asked: Asked) -> bool:
        """Whether the command is a tool, or a shell that is followed, and no rule speaks of it."""
        name = asked.argv[0]
        if name not in self._tools or self._rules.to(asked.argv, count=False) is not None:
            return False
        return name not in SHELLS or self._is_start(asked) or (self._follow and runs_a_file(asked.argv))

    def _note(self, asked: Asked) -> None:
        asked.record = {"argv": asked.argv, "cwd": asked.cwd, "env": asked.env, "input": "", "status": None}
        if not self._is_start(asked) and not _is_first_line(asked):
            self.records.append(asked.record)

    def _is_start(self, asked: Asked) -> bool:
        """Whether this is what the script's own first line starts (`#!/usr/bin/env bash`)."""
        named = asked.argv[0] in SHELLS and any(self._script in word for word in asked.argv)
        return named and asked.pid == self.shell and not self.records

    def _answer(self, asked: Asked) -> None:
        assert asked.record is not None
        name = asked.argv[0]
        runs = self._really_runs(asked)
        rule = self._rules.to(asked.argv) or {}
        if runs and name in SHELLS:
            _send(asked.line, ["become", self._tools[name]])
        elif runs:
            _send(asked.line, ["run", self._tools[name]])
            asked.line.setblocking(False)
            self._running[asked.line] = asked.record
            return
        else:
            asked.record["status"] = rule.get("status", 0)
            asked.record["input"] = os.fsdecode(asked.input())
            said = [str(rule.get("status", 0)), rule.get("stdout", ""), rule.get("stderr", ""), "01"[asked.full]]
            _send(asked.line, ["answer", *said, *changes(rule, asked.argv)])
        asked.line.close()


def runs_a_file(argv: Sequence[str]) -> bool:
    """Return whether a shell is told to run a file: not a text (`-c`), and not its standard input."""
    words = iter(argv[1:])
    for word in words:
        if word == "--":
            return next(words, None) is not None
        if word[:1] not in ("-", "+") or word == "-":
            return word != "-"
        if not word.startswith("--") and ("c" in word or "s" in word):
            return False
        if word[-1] in "oO":
            next(words, None)
    return False


def _asked(line: socket.socket, shell: int) -> Asked:
    """Return what a stand-in asks; raises ValueError if it is none."""
    head, fds, _, _ = socket.recv_fds(line, 4, 3)
    try:
        fields = iter(os.fsdecode(_received(line, struct.unpack("<I", head)[0])).split("\0"))
        streams = dict(zip(map(int, next(fields)), fds, strict=True))
        argv = [next(fields) for _ in range(int(next(fields)))]
        cwd = next(fields)
        env = [next(fields) for _ in range(int(next(fields)))]
        pid = struct.unpack("iII", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    except (OSError, ValueError, RuntimeError, struct.error) as error:
        for fd in fds:
            os.close(fd)
        raise ValueError("what asks is no stand-in") from error
    # Ids begin anew when they reach the most that the kernel has; counted from the shell's own, later is larger.
    key = [(ancestor - shell) % _MOST_IDS for ancestor in _ancestry(pid)]
    return Asked(line, pid, (*key, _MOST_IDS), argv, cwd, env, streams)


def _received(line: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        part = line.recv(min(length - len(data), _PIPE))
        if not part:
            raise ValueError("the question is cut off")
        data += part
    return bytes(data)


def _send(line: socket.socket, fields: Sequence[str]) -> None:
    parts = [text.encode("utf-8", "surrogateescape") for text in fields]
    body = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    line.settimeout(5)
    line.sendall(struct.pack("<I", len(body)) + body)


def _shell_status(waited: int) -> int:
    code = os.waitstatus_to_exitcode(waited)
    return code if code >= 0 else 128 - code


def _status(pid: int) -> tuple[str, int]:
    """Return the state of a process as /proc has it, X if it has gone, and its parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return "X", 0
    return fields[0].decode(), int(fields[1])


def _times_run(pid: int) -> str:
    """Return how often and how long a process has run; it says nothing where the kernel does not count."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return file.read()
    except OSError:
        return ""


def _ancestry(pid: int) -> tuple[int, ...]:
    """Return the ids from a child of this process down to a process."""
    chain = [pid]
    while (parent := _status(chain[-1])[1]) not in (0, os.getpid()):
        chain.append(parent)
    return tuple(reversed(chain))


def others(contained: bool) -> list[int]:
    """Return the ids of all processes of the run: everyone else here, or our descendants."""
    if contained:
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    found = [os.getpid()]
    for pid in found:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
            found += map(int, file.read().split())
    return found[1:]
