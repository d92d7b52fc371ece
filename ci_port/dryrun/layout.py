"""The layout of the file that worker and library share, told once for Python and for C.

Python reads and writes the file through what stands here. `header()` is the same as C: `build` writes it as `layout.h`
beside the object, on every build, so that the two cannot differ.

The file is, in this order, each part aligned to a page:

- `ControlHead`, and the numbers of the processes that the run has started
- the coverage table: `COVER_FILES` times `CoverEntry`
- the configuration (`configuration` writes it, native/configuration.c reads it)
- the log: records, one behind the other. A record is `RecordHead`, its process's place in the tree of forks, and
  strings: source file, functions, the texts of its kind, and for EXECUTE its words and its environment
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, NamedTuple, TypeAlias, get_type_hints

UInt8: TypeAlias = Annotated[int, "uint8_t"]
UInt16: TypeAlias = Annotated[int, "uint16_t"]
UInt32: TypeAlias = Annotated[int, "uint32_t"]
UInt64: TypeAlias = Annotated[int, "uint64_t"]
Int32: TypeAlias = Annotated[int, "int32_t"]
Int64: TypeAlias = Annotated[int, "int64_t"]

VERSION = 3
CONTROL_VARIABLE = "CI_PORT_CONTROL"
"""The environment variable that tells the library where the file is."""
COVER_FILES = 64
COVER_LINES = 65536
COVER_NAME = 512
ANSWERED = 1
"""Flag of EXECUTE: a rule of the world answered."""
APPENDS = 1
"""Flag of WRITE: what the file held stays."""
UNLIMITED = -1
"""Value of LIMIT."""

_CONSTANTS: Mapping[str, int | str] = {
    "VERSION": VERSION,
    "CONTROL_VARIABLE": CONTROL_VARIABLE,
    "COVER_FILES": COVER_FILES,
    "COVER_LINES": COVER_LINES,
    "COVER_NAME": COVER_NAME,
    "ANSWERED": ANSWERED,
    "APPENDS": APPENDS,
    "UNLIMITED": UNLIMITED,
}


class Kind(IntEnum):
    """What a record speaks of."""

    EXECUTE = 1
    SOURCE = 2
    WRITE = 3
    LIMIT = 4
    ERROR = 5
    MKDIR = 6


TEXTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.EXECUTE: ("cwd", "stdin", "stdout", "stderr"),
    Kind.SOURCE: ("path",),
    Kind.WRITE: ("path",),
    Kind.LIMIT: ("resource",),
    Kind.ERROR: ("message", "command"),
    Kind.MKDIR: ("path",),
}
"""The texts of a record, in their order."""


class State(IntEnum):
    """How far a record is."""

    EMPTY = 0
    READY = 1
    DEAD = 2
    """Taken back."""


class Stop(IntEnum):
    """Whether the processes of the run go on."""

    GOES_ON = 0
    ENDED = 1
    LOG_FULL = 2


class ControlHead(NamedTuple):
    """The head of the file. Offsets are from its start; what has a default is the library's to write."""

    size: UInt64
    """Of the whole file."""
    version: UInt32
    max_forks: UInt32
    max_steps: UInt32
    config: UInt32
    cover: UInt32
    log: UInt32
    next: UInt64
    """The first free byte of the log."""
    memory: UInt64
    """Bytes that one process may use."""
    seconds: UInt32
    """Processor time that one process may use."""
    stop: UInt32 = Stop.GOES_ON
    forks: UInt32 = 0
    steps: UInt32 = 0
    covered: UInt32 = 0
    """Files in the coverage table."""
    lock: UInt32 = 0
    """Of the coverage table."""
    main_pid: UInt32 = 0
    ready: UInt32 = 0
    """The library has run in bash."""
    dirty: UInt32 = 0
    """The scratch tree is no longer as it was built."""
    hooked: UInt32 = 0
    """Bash has told where it is: coverage works."""
    at: UInt32 = 0
    """The command that started last: index in the coverage table times COVER_LINES, plus the line."""
    crashing: UInt32 = 0
    """Bit n: the script itself has sent signal n, so dying of it is no crash."""


class RecordHead(NamedTuple):
    """The head of a record."""

    size: UInt32
    """Of the whole record."""
    kind: UInt8
    state: UInt8
    depth: UInt16
    """Of the process in the tree of forks: so many numbers follow."""
    seq: UInt32
    """The event's number within its process."""
    line: UInt32
    status: Int32
    flags: UInt32
    value: Int64


class CoverEntry(NamedTuple):
    """A source file's name, NUL-terminated, and a bit for each of its lines."""

    name: Annotated[bytes, "char", COVER_NAME]
    seen: Annotated[bytes, "uint8_t", COVER_LINES // 8]


class RuleHead(NamedTuple):
    """The head of a rule of the world; its words and its answer follow as strings."""

    status: Int32
    words: UInt32
    open_end: UInt32
    """More words may follow."""
    nth: UInt32
    """Which match this answers; 0: all."""


_STRUCTS: Mapping[str, tuple[type[tuple[Any, ...]], str]] = {
    "control": (ControlHead, "uint32_t pids[]"),
    "record": (RecordHead, "uint32_t path[]"),
    "cover": (CoverEntry, ""),
    "rule": (RuleHead, ""),
}
"""The names in C, and what follows a head."""

SETTINGS = ("root", "blank", "scratch_tmp", "noise", "script_dir", "home", "user")
"""The texts of the configuration, in their order."""

_FORMATS = {"uint8_t": "B", "uint16_t": "H", "uint32_t": "I", "uint64_t": "Q", "int32_t": "i", "int64_t": "q"}


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    type: str
    count: int
    """Of the elements of an array; 0: no array."""

    @property
    def form(self) -> str:
        return f"{self.count}s" if self.count else _FORMATS[self.type]

    @property
    def declaration(self) -> str:
        return f"{self.type} {self.name}" + (f"[{self.count}]" if self.count else "")


def _fields(head: type[tuple[Any, ...]]) -> Iterator[_Field]:
    for name, hint in get_type_hints(head, include_extras=True).items():
        kind, *count = hint.__metadata__
        yield _Field(name, kind, *count or [0])


@functools.cache
def packer(head: type[tuple[Any, ...]]) -> struct.Struct:
    """Return what packs and unpacks a head."""
    return struct.Struct("<" + "".join(field.form for field in _fields(head)))


@functools.cache
def places(head: type[tuple[Any, ...]]) -> dict[str, tuple[int, struct.Struct]]:
    """Return, for each field of a head, its offset and what packs and unpacks it."""
    found = {}
    offset = 0
    for field in _fields(head):
        found[field.name] = (offset, struct.Struct("<" + field.form))
        offset += found[field.name][1].size
    return found


def header() -> str:
    """Return the layout as a C header."""
    lines = ["/* Made from layout.py by build.py. */", "#ifndef LAYOUT_H", "#define LAYOUT_H"]
    lines += ["#include <stddef.h>", "#include <stdint.h>"]
    for name, value in _CONSTANTS.items():
        lines.append(f"#define {name} " + (f'"{value}"' if isinstance(value, str) else f"({value})"))
    for enum in (Kind, State, Stop):
        members = ", ".join(f"{member.name} = {member.value}" for member in enum)
        lines.append(f"enum {enum.__name__.lower()} {{ {members} }};")
    for kind, texts in TEXTS.items():
        lines.append(f"#define {kind.name}_TEXTS {len(texts)} /* {', '.join(texts)} */")
    lines.append("#define TEXTS {" + ", ".join(f"[{kind.name}] = {kind.name}_TEXTS" for kind in TEXTS) + "}")
    for name, (head, tail) in _STRUCTS.items():
        lines += _struct(name, head, tail)
    lines += ["struct settings {", *(f"    const char *{name};" for name in SETTINGS), "};"]
    return "\n".join([*lines, "#endif", ""])


def _struct(name: str, head: type[tuple[Any, ...]], tail: str) -> Iterator[str]:
    """Python packs without gaps; that the compiler leaves none either is part of the header."""
    yield f"struct {name} {{"
    for field in _fields(head):
        yield f"    {field.declaration};"
    if tail:
        yield f"    {tail};"
    yield "};"
    yield f'_Static_assert(sizeof(struct {name}) == {packer(head).size}, "no gaps");'
    for member, (offset, _) in places(head).items():
        yield f'_Static_assert(offsetof(struct {name}, {member}) == {offset}, "no gaps");'
