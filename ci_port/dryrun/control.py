"""The file that worker and library share, mapped: made ready for a run, and read after it. Its layout: `layout`."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import time
from collections.abc import Iterator

from ci_port.dryrun import layout
from ci_port.dryrun.configuration import Configuration, encode
from ci_port.dryrun.layout import (
    ControlHead,
    CoverEntry,
    Kind,
    PolledCommand,
    ProcessEntry,
    ReadPipe,
    RecordHead,
    State,
    Stop,
    TouchedPath,
    WrittenFile,
)
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.records import Record, decode

_HEADER = layout.packer(ControlHead)
_RECORD = layout.packer(RecordHead)
_COVER = layout.packer(CoverEntry)
_PROCESS = layout.packer(ProcessEntry)
_WRITTEN = layout.packer(WrittenFile)
_FIELDS = layout.places(ControlHead)
_SEEN = layout.places(CoverEntry)["seen"][0]


class BrokenLog(Exception):
    """The log is full, or a process of the run ended while it was writing."""


class Control:
    """The shared file, mapped into this process."""

    def __init__(self, path: str, limits: Limits) -> None:
        """Create the file; it is sparse, so only what a run uses takes room."""
        self.path = path
        self._limits = limits
        self._run = 0
        self._source_caller = 0
        self._restore_caller = 0
        self._known = 0
        self._touched_paths: set[str] = set()
        self._processes = _HEADER.size
        self._touched = _align(self._processes + _PROCESS.size * (limits.processes + 1))
        self._written = self._touched + layout.TOUCHED_PATHS * layout.packer(TouchedPath).size
        self._polled = self._written + layout.WRITTEN_FILES * _WRITTEN.size
        self._read = self._polled + layout.POLLED_COMMANDS * layout.packer(PolledCommand).size
        self._cover = _align(self._read + layout.READ_PIPES * layout.packer(ReadPipe).size)
        self._config = self._cover + layout.COVER_FILES * _COVER.size
        self._log = self._config
        self._size = self._config + limits.log
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, self._size)
            self._map = mmap.mmap(fd, self._size)
        finally:
            os.close(fd)

    def prepare(self, configuration: Configuration) -> None:
        """Make the file ready for one run."""
        self._forget()
        self._run += 1
        blob = encode(configuration)
        self._log = _align(self._config + len(blob))
        if self._log >= self._size:
            raise BrokenLog("the environment and the world's rules do not fit into the log")
        self._map[self._config : self._config + len(blob)] = blob
        head = ControlHead(
            size=self._size,
            version=layout.VERSION,
            max_forks=self._limits.processes,
            max_steps=self._limits.steps,
            config=self._config,
            cover=self._cover,
            log=self._log,
            next=self._log,
            touched=self._touched,
            written=self._written,
            polled=self._polled,
            read=self._read,
            memory=self._limits.memory,
            began=int(time.time()) - 1,
            source_caller=self._source_caller,
            restore_caller=self._restore_caller,
            run=self._run,
            effects=configuration.effects,
            uid=configuration.who.uid,
            gid=configuration.who.gid,
            cpus=configuration.who.cpus,
            has_stdin=configuration.has_stdin,
            courses=configuration.courses,
            # The kernel's own end for a process that outlives everybody who watches it.
            seconds=math.ceil(self._limits.seconds) + 1,
        )
        self._map[: _HEADER.size] = _HEADER.pack(*head)
        self._known = self._log
        self._touched_paths = set()

    def stop(self) -> None:
        """Tell every process of the run to end at its next step."""
        if not self.stopped:
            self._set("stop", Stop.ENDED)

    def end_background(self) -> None:
        """Tell what works in the background that the script has ended."""
        self._set("over", 1)

    def keep_callers(self) -> None:
        """Take where bash opens sourced files, and frees what it freed before, from the run that has just ended."""
        self._source_caller = self._number("source_caller")
        self._restore_caller = self._number("restore_caller")

    def ended(self, status: int) -> None:
        """Tell how the script's own process has ended, in case that a tool had taken its place."""
        place = ProcessEntry._make(_PROCESS.unpack_from(self._map, self._own_process())).execute
        if place:
            offset, form = layout.places(RecordHead)["status"]
            if form.unpack_from(self._map, place + offset)[0] == layout.UNKNOWN_STATUS:
                form.pack_into(self._map, place + offset, status)

    def written(self, inode: int) -> WrittenFile | None:
        """Return what is known of a file that the run has written (native/written.c)."""
        first = inode * 0x9E3779B97F4A7C15 % (1 << 64)
        for step in range(layout.WRITTEN_FILES):
            at = self._written + (first + step) % (1 << 64) % layout.WRITTEN_FILES * _WRITTEN.size
            file = WrittenFile._make(_WRITTEN.unpack_from(self._map, at))
            if file.run != self._run:
                return None
            if file.inode == inode:
                return file
        return None

    def is_filled(self, inode: int) -> bool:
        """Return whether the run has given a stub content of its own (native/stubs.c)."""
        file = self.written(inode)
        return file is not None and file.filled == layout.FILLED

    def touched(self) -> frozenset[str]:
        """Return the paths that the run has made, changed or removed until now."""
        end = self._number("next")
        while self._known < end:
            head = RecordHead._make(_RECORD.unpack_from(self._map, self._known))
            if head.size == 0 or head.state == State.EMPTY:
                break
            if head.kind == Kind.TOUCH and head.state == State.READY:
                data = self._map[self._known + _RECORD.size : self._known + head.size]
                self._touched_paths.update(decode(self._known, head, data).texts)
            self._known += head.size
        return frozenset(self._touched_paths)

    @property
    def stopped(self) -> bool:
        """Whether a process, or this one, has ended the run."""
        return self._number("stop") != Stop.GOES_ON

    @property
    def loaded(self) -> bool:
        """Whether the library has started inside bash."""
        return self._number("ready") != 0

    @property
    def hooked(self) -> bool:
        """Whether bash has told the library where it is."""
        return self._number("hooked") != 0

    @property
    def shows_commands(self) -> bool:
        """Whether the library could write down the commands that bash starts."""
        return self._number("courses") != 0 and self._number("restore_caller") != 0

    def sent(self, signal: int) -> bool:
        """Whether the script itself has sent this signal."""
        return bool(self._number("crashing") >> signal & 1)

    @property
    def cut(self) -> bool:
        """Whether commands that the shell has started were not written down."""
        return self._number("cut") != 0

    @property
    def at(self) -> tuple[str, int] | None:
        """The source file and line of the command that started last, in whatever process."""
        index, line = divmod(self._number("at"), layout.COVER_LINES)
        return (self._covered_file(index), line) if line else None

    @property
    def dirty(self) -> bool:
        """Whether the run wrote files in the scratch tree."""
        return self._number("dirty") != 0

    def records(self) -> list[Record]:
        """Return the events of the run in the order of the plan, as far as they were written down.

        Where an event was begun and not finished, `BrokenLog` is raised, unless another process ended the run.
        """
        if self._number("stop") == Stop.LOG_FULL:
            raise BrokenLog(f"the run writes more than {self._limits.log} bytes of commands and environment")
        return sorted(self._records(), key=lambda record: record.order)

    def lines(self) -> Iterator[tuple[str, frozenset[int]]]:
        """Return, for each source file, the numbers of the lines whose commands ran."""
        for index in range(self._number("covered")):
            start = self._cover + index * _COVER.size
            bits = int.from_bytes(self._map[start + _SEEN : start + _COVER.size], "little")
            yield self._covered_file(index), frozenset(_set_bits(bits))

    def _forget(self) -> None:
        """Clear what the last run left: a record that a killed process began is none of the next run."""
        end = min(self._number("next"), self._size)
        if end > self._log:
            self._map[self._log : end] = bytes(end - self._log)
        forks = min(self._number("forks"), self._limits.processes)
        self._map[self._processes : self._processes + _PROCESS.size * forks] = bytes(_PROCESS.size * forks)
        own = self._own_process()
        self._map[own : own + _PROCESS.size] = bytes(_PROCESS.size)
        for index in range(self._number("covered")):
            start = self._cover + index * _COVER.size
            self._map[start : start + _COVER.size] = bytes(_COVER.size)

    def _covered_file(self, index: int) -> str:
        start = self._cover + index * _COVER.size
        return os.fsdecode(self._map[start : start + layout.COVER_NAME].split(b"\0", 1)[0])

    def _own_process(self) -> int:
        return self._processes + _PROCESS.size * self._limits.processes

    def _set(self, field: str, value: int) -> None:
        offset, form = _FIELDS[field]
        form.pack_into(self._map, offset, value)

    def _number(self, field: str) -> int:
        offset, form = _FIELDS[field]
        value: int = form.unpack_from(self._map, offset)[0]
        return value

    def _records(self) -> Iterator[Record]:
        position, end = self._log, self._number("next")
        while position < end:
            head = RecordHead._make(_RECORD.unpack_from(self._map, position))
            if head.size == 0 or head.state == State.EMPTY:
                # Whoever ends a run ends processes at any point.
                if not self.stopped:
                    raise BrokenLog("a process of the run ended while it was writing down a command")
                if head.size == 0:
                    return
            if head.state == State.READY:
                yield decode(position, head, self._map[position + _RECORD.size : position + head.size])
            position += head.size


def end_processes(path: str) -> None:
    """End what a run left behind whose worker was killed, found by the session that bash opened for it."""
    with open(path, "r+b") as file:
        offset, form = _FIELDS["stop"]
        file.seek(offset)
        file.write(form.pack(Stop.ENDED))
        file.seek(0)
        data = file.read(_HEADER.size)
        if len(data) < _HEADER.size:
            return
        head = ControlHead._make(_HEADER.unpack(data))
        entries = file.read(_PROCESS.size * head.forks) if head.main_pid else b""
        pids = [entry[0] for entry in _PROCESS.iter_unpack(entries[: len(entries) // _PROCESS.size * _PROCESS.size])]
    for pid in (head.main_pid, *pids):
        with contextlib.suppress(ProcessLookupError):
            if pid and os.getsid(pid) == head.main_pid:
                os.kill(pid, signal.SIGKILL)


def _set_bits(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _align(offset: int) -> int:
    return (offset + 4095) & ~4095
