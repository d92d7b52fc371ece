"""The file that worker and library share: writing the configuration, reading the log. Its layout is in `layout`."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ci_port.dryrun import layout
from ci_port.dryrun.layout import ControlHead, CoverEntry, Kind, RecordHead, RuleHead, State, Stop
from ci_port.model import Rule

_HEADER = layout.packer(ControlHead)
_RECORD = layout.packer(RecordHead)
_COVER = layout.packer(CoverEntry)
_FIELDS = layout.places(ControlHead)
_SEEN = layout.places(CoverEntry)["seen"][0]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: seconds of time, bytes of output and files, steps, processes, bytes of log and memory.

    `memory` is for each process; `output` for each of standard output, standard error, and all written files.
    `messages` is how many bytes of the end of standard error an observation carries.
    """

    seconds: float = 60.0
    output: int = 32 << 20
    steps: int = 20_000
    processes: int = 20_000
    log: int = 256 << 20
    memory: int = 2 << 30
    messages: int = 2000


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the library must know of one run; paths are bytes as the kernel takes them."""

    root: str
    blank: str
    scratch_tmp: str
    noise: str
    script_dir: str
    home: str
    user: str
    pure: Mapping[str, str]
    rules: Sequence[Rule]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One event of a run. `order` sorts the events of all processes into the order of the plan."""

    kind: Kind
    order: tuple[int, ...]
    line: int
    status: int
    flags: int
    value: int
    file: str
    functions: tuple[str, ...]
    texts: tuple[str, ...]
    argv: tuple[str, ...] = ()
    environment: frozenset[bytes] = frozenset()


class BrokenLog(Exception):
    """The log is full, or a process of the run ended while it was writing."""


class Control:
    """The shared file, mapped into this process."""

    def __init__(self, path: str, limits: Limits) -> None:
        """Create the file; it is sparse, so only what a run uses takes room."""
        self.path = path
        self._limits = limits
        self._pids = _HEADER.size
        self._cover = _align(self._pids + 4 * limits.processes)
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
        # What the last run left: a record that a killed process began must not be taken for one of this run.
        end = min(self._number("next"), self._size)
        if end > self._log:
            self._map[self._log : end] = bytes(end - self._log)
        forks = min(self._number("forks"), self._limits.processes)
        self._map[self._pids : self._pids + 4 * forks] = bytes(4 * forks)
        for index in range(self._number("covered")):
            start = self._cover + index * _COVER.size
            self._map[start : start + _COVER.size] = bytes(_COVER.size)
        blob = _encode(configuration)
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
            memory=self._limits.memory,
            # The kernel's own end for a process that outlives everybody who watches it.
            seconds=math.ceil(self._limits.seconds) + 1,
        )
        self._map[: _HEADER.size] = _HEADER.pack(*head)

    def stop(self) -> None:
        """Tell every process of the run to end at its next step."""
        if not self.stopped:
            offset, form = _FIELDS["stop"]
            form.pack_into(self._map, offset, Stop.ENDED)

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

    def sent(self, signal: int) -> bool:
        """Whether the script itself has sent this signal."""
        return bool(self._number("crashing") >> signal & 1)

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

    def _covered_file(self, index: int) -> str:
        start = self._cover + index * _COVER.size
        return os.fsdecode(self._map[start : start + layout.COVER_NAME].split(b"\0", 1)[0])

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
                yield _decode(head, self._map[position + _RECORD.size : position + head.size])
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
        pids = struct.unpack(f"<{head.forks}I", file.read(4 * head.forks)) if head.main_pid else ()
    for pid in (head.main_pid, *pids):
        with contextlib.suppress(ProcessLookupError):
            if pid and os.getsid(pid) == head.main_pid:
                os.kill(pid, signal.SIGKILL)


def _decode(head: RecordHead, data: bytes) -> Record:
    kind = Kind(head.kind)
    order = (*struct.unpack_from(f"<{head.depth}I", data), head.seq)
    at = 4 * head.depth
    texts = []
    for _ in range(2 + len(layout.TEXTS[kind])):
        text, at = _string(data, at)
        texts.append(os.fsdecode(text))
    words = variables = b""
    if kind is Kind.EXECUTE:
        words, at = _string(data, at)
        variables, at = _string(data, at)
    functions = tuple(name for name in texts[1].split(" ") if name not in ("", "main", "source"))
    argv = tuple(os.fsdecode(word) for word in _split(words))
    return Record(
        kind,
        order,
        head.line,
        head.status,
        head.flags,
        head.value,
        texts[0],
        functions,
        tuple(texts[2:]),
        argv,
        frozenset(_split(variables)),
    )


def changes(before: frozenset[bytes], after: frozenset[bytes]) -> dict[str, str | None]:
    """Return what changed between two environments, each a set of `NAME=value`; None: no longer there."""
    found: dict[str, str | None] = {}
    for entries, is_there in ((before - after, False), (after - before, True)):
        for entry in entries:
            name, _, value = os.fsdecode(entry).partition("=")
            found[name] = value if is_there else None
    return found


def _split(block: bytes) -> list[bytes]:
    return block.split(b"\0")[:-1]


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : end], end


def _encode(configuration: Configuration) -> bytes:
    # One counter a rule, aligned: the library counts how often a rule's words matched (`Rule.nth`).
    parts = [struct.pack("<I", len(configuration.rules)), bytes(4 * len(configuration.rules))]
    parts += [_text(getattr(configuration, name)) for name in layout.SETTINGS]
    parts.append(struct.pack("<I", len(configuration.pure)))
    parts += [_text(name) + _text(path) for name, path in configuration.pure.items()]
    rules = b"".join(_rule(rule) for rule in configuration.rules)
    parts.append(struct.pack("<I", len(rules)) + rules)
    parts.append(struct.pack("<I", len(configuration.environment)))
    parts += [_text(f"{name}={value}") for name, value in configuration.environment.items()]
    return b"".join(parts)


def _rule(rule: Rule) -> bytes:
    open_end = rule.argv[-1] == "**"
    words = rule.argv[:-1] if open_end else rule.argv
    head = RuleHead(rule.status, len(words), open_end, rule.nth)
    return layout.packer(RuleHead).pack(*head) + b"".join(_text(word) for word in words) + _text(rule.stdout)


def _text(text: str) -> bytes:
    data = os.fsencode(text)
    return struct.pack("<I", len(data)) + data + b"\0"


def _set_bits(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _align(offset: int) -> int:
    return (offset + 4095) & ~4095
