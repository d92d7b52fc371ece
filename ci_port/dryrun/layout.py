"""The layout of the file that worker and library share, told once for Python and for C.

Python reads and writes the file through what stands here. `header()` is the same as C: `build` writes it as `layout.h`
beside the object, on every build, so that the two cannot differ.

The file is, in this order, each part aligned to a page:

- `ControlHead`, and an entry for each process that the run may start, the last for the script's own
- the tables of the paths that the run has touched and of the files that it has written
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

VERSION = 4
CONTROL_VARIABLE = "CI_PORT_CONTROL"
"""The environment variable that tells the library where the file is."""
COVER_FILES = 64
COVER_LINES = 65536
COVER_NAME = 512
ANSWERED = 1
"""Flag of EXECUTE: a rule of the world answered."""
ERREXIT, PIPEFAIL = 2, 4
"""Flags of EXECUTE and TOOL: what was in force where it was started."""
TEXT_ONLY, RAN, FOLLOWED = 8, 16, 32
"""Flags of EXECUTE: a text tool that changed something; a file tool, which really ran; a script that is looked into."""
CUTS_OUTPUT, CUTS_ERROR = 64, 128
"""Flags of EXECUTE: the file behind this stream holds nothing from before."""
APPENDS, CUTS = 1, 2
"""Flags of WRITE and CHANGE: what the file held stays before all that is written; nothing of it stays."""
IN_TRAP, KNOWS = 1, 2
"""Flags of COMMAND: it belongs to what a trap does; the variables of the test are known."""
UNLIMITED = -1
"""Value of LIMIT."""
UNKNOWN_STATUS = -1
"""Status of EXECUTE: a tool that really runs has not ended yet."""
TEXT_TOOL, FILE_TOOL = 1, 2
"""Kinds of tools: one that becomes a step when it changes something, and one that is a step in any case."""
XARGS_ECHO = " echo"
"""The name, which no command can have, of what xargs(1) runs by itself."""
TOUCHED_PATHS = 1 << 15
WRITTEN_FILES = 1 << 14
FILLED = 2
"""Of a stub: what it holds is its own content."""
POLLED_COMMANDS = 1 << 12
READ_PIPES = 1 << 13

_CONSTANTS: Mapping[str, int | str] = {
    "VERSION": VERSION,
    "CONTROL_VARIABLE": CONTROL_VARIABLE,
    "COVER_FILES": COVER_FILES,
    "COVER_LINES": COVER_LINES,
    "COVER_NAME": COVER_NAME,
    "ANSWERED": ANSWERED,
    "ERREXIT": ERREXIT,
    "PIPEFAIL": PIPEFAIL,
    "TEXT_ONLY": TEXT_ONLY,
    "RAN": RAN,
    "FOLLOWED": FOLLOWED,
    "CUTS_OUTPUT": CUTS_OUTPUT,
    "CUTS_ERROR": CUTS_ERROR,
    "APPENDS": APPENDS,
    "CUTS": CUTS,
    "IN_TRAP": IN_TRAP,
    "KNOWS": KNOWS,
    "UNLIMITED": UNLIMITED,
    "UNKNOWN_STATUS": UNKNOWN_STATUS,
    "TEXT_TOOL": TEXT_TOOL,
    "FILE_TOOL": FILE_TOOL,
    "XARGS_ECHO": XARGS_ECHO,
    "TOUCHED_PATHS": TOUCHED_PATHS,
    "WRITTEN_FILES": WRITTEN_FILES,
    "FILLED": FILLED,
    "POLLED_COMMANDS": POLLED_COMMANDS,
    "READ_PIPES": READ_PIPES,
}


class Kind(IntEnum):
    """What a record speaks of."""

    EXECUTE = 1
    SOURCE = 2
    WRITE = 3
    """`value` is the inode of the file."""
    LIMIT = 4
    ERROR = 5
    MKDIR = 6
    """Version 1: a directory is made because the script changes into it."""
    UMASK = 7
    TOUCH = 8
    """A path of the tree is not as it was built."""
    TOOL = 9
    """A text tool runs: no step."""
    TEXT = 10
    """What was written into the file of the WRITE whose place in the log is `value`."""
    INPUT = 11
    """What stood ready for the EXECUTE whose place in the log is `value`."""
    READ = 12
    """The shell, or the tool that this process is, reads from the pipe or file with the inode `value`."""
    CHANGE = 13
    """A tool writes into the file with the inode `value`."""
    ASK = 14
    """The script asks for a path that is not there; `value`: how many commands without a rule had run."""
    LOOKUP = 15
    """`command -v` and its kind ask for a command that is not there."""
    STDIN = 16
    """The standard input of the run is read."""
    NOTE = 17
    """A locale that this machine lacks is asked for."""
    COMMAND = 18
    """The shell starts a command of its own script. `status`: that of the command before it in this process; `value`:
    how many `eval` it stands in. Its words are the variables that a test looks at, as `NAME=VALUE`."""


TEXTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.EXECUTE: ("cwd", "stdin", "stdout", "stderr", "inodes", "callers"),
    Kind.SOURCE: ("path",),
    Kind.WRITE: ("path",),
    Kind.LIMIT: ("resource",),
    Kind.ERROR: ("message", "command"),
    Kind.MKDIR: ("path",),
    Kind.UMASK: (),
    Kind.TOUCH: ("path",),
    Kind.TOOL: ("cwd", "stdin", "stdout", "stderr", "inodes", "callers"),
    Kind.TEXT: ("text",),
    Kind.INPUT: ("text",),
    Kind.READ: (),
    Kind.CHANGE: (),
    Kind.ASK: ("path", "callers"),
    Kind.LOOKUP: ("name",),
    Kind.STDIN: (),
    Kind.NOTE: ("locale",),
    Kind.COMMAND: ("text",),
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
    touched: UInt64
    """The table of the paths that the run has made or removed."""
    written: UInt64
    """The table of the files that the run has written."""
    polled: UInt64
    """The table of the commands without a rule."""
    read: UInt64
    """The table of the pipes that somebody has begun to read."""
    memory: UInt64
    """Bytes that one process may use."""
    began: UInt64
    """When the run began, in seconds of the real clock: what is newer was written by the run."""
    source_caller: UInt64
    """Where in bash a sourced file is opened, from where bash is loaded; 0: not known yet."""
    restore_caller: UInt64
    """Where in bash the text of a command is freed that was freed before (native/course.c); 0: not known yet."""
    run: UInt32
    """Its number: an entry of a table that has another one is free."""
    effects: UInt32
    """The world has version 2: what commands do to files is done."""
    uid: UInt32
    gid: UInt32
    cpus: UInt32
    has_stdin: UInt32
    """The case says what the script reads on its standard input."""
    courses: UInt32
    """Each command that the shell starts is written down."""
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
    table_lock: UInt32 = 0
    over: UInt32 = 0
    """The script's own process has ended."""
    guesses: UInt32 = 0
    """Commands without a rule that have run: what they did to files is not known."""
    tick: UInt32 = 0
    """Writes, in order: which file is newer."""
    clock: UInt32 = 0
    """Seconds that have passed: sleep passes them."""
    cut: UInt32 = 0
    """The commands that the shell starts are no longer written down: they need too much room."""
    initial_open: UInt32 = 0
    """Bit n: the run was given standard stream n."""
    initial_0: UInt64 = 0
    initial_1: UInt64 = 0
    initial_2: UInt64 = 0
    """The inodes of the streams that the run was given."""
    initial_dev: UInt64 = 0


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


class ProcessEntry(NamedTuple):
    """A process of the run."""

    pid: UInt32
    shown: UInt32
    """What the script takes for its number."""
    execute: UInt64
    """The EXECUTE of the tool that it is."""
    released: UInt32
    """Somebody waits for it: it ends."""
    lingers: UInt32
    """It works in the background until somebody waits for it, or ends it."""
    asked: UInt32
    """How often the script has asked whether it still works."""
    parent: UInt32
    """Its parent's place in this table, plus 1; 0: the script's own process."""
    due: UInt32
    """When it wakes up by itself, in seconds of the run's clock; 0: it does not."""
    reserved: UInt32


class TouchedPath(NamedTuple):
    """A path that the run has made or removed."""

    hash: UInt64
    run: UInt32
    guesses: UInt32
    """How many commands without a rule had run by then."""


class WrittenFile(NamedTuple):
    """A file that the run has written."""

    inode: UInt64
    record: UInt64
    """Place in the log of the WRITE that writes it now; 0: none."""
    start: UInt64
    """What that WRITE has written begins here."""
    run: UInt32
    tick: UInt32
    """When it was written last; 0: the time of the file itself counts."""
    filled: UInt32 = 0
    """A stub (`StubEntry`) holds its content itself: 1: soon, FILLED: by now."""
    reserved: UInt32 = 0


class StubHead(NamedTuple):
    """The head of the file of stubs (`stubs`): offsets are from its start."""

    device: UInt64
    """Of the scratch tree."""
    first: UInt64
    """The entries, in the order of their inodes."""
    stubs: UInt64
    """How many there are."""
    order: UInt64
    """Numbers of entries, in the order of the real files' devices and inodes."""
    ordered: UInt64
    """How many: twins are left out."""
    real: UInt64
    """The real directory of the script's own files, a text."""
    shown: UInt64
    """The path of the world where they stand, a text."""


class StubEntry(NamedTuple):
    """An empty file in the tree, in place of one of the script's own files that is read where it stands."""

    inode: UInt64
    device: UInt64
    """Of the real file, like all that follows."""
    number: UInt64
    """Its inode."""
    size: UInt64
    changed: Int64
    """When it was changed last, in nanoseconds."""
    name: UInt64
    """The path below the directory of the own files, a text."""
    real: UInt64
    """The path of the real file if it does not follow from the name, a text; 0: it does."""
    mode: UInt32
    twin: UInt32
    """Another stub stands for the same real file."""


class PolledCommand(NamedTuple):
    """A command without a rule, and how often it has been asked."""

    hash: UInt64
    run: UInt32
    times: UInt32
    waits: UInt32
    """How often time had passed since it was asked before."""
    clock: UInt32


class ReadPipe(NamedTuple):
    """A pipe that somebody has begun to read, or might."""

    run: UInt32
    inode: UInt32
    """Its number, as far as it fits: no two pipes of a run have the same."""


class RuleHead(NamedTuple):
    """The head of a rule of the world; its words and its answer follow as strings."""

    status: Int32
    words: UInt32
    open_end: UInt32
    """More words may follow."""
    nth: UInt32
    """Which match this answers; 0: all."""
    changes: UInt32
    """Files that it makes and removes; each follows as its kind, mode, path and content."""


_STRUCTS: Mapping[str, tuple[type[tuple[Any, ...]], str]] = {
    "process": (ProcessEntry, ""),
    "touched": (TouchedPath, ""),
    "written": (WrittenFile, ""),
    "polled": (PolledCommand, ""),
    "read_pipe": (ReadPipe, ""),
    "stub_head": (StubHead, ""),
    "stub": (StubEntry, ""),
    "control": (ControlHead, "struct process processes[]"),
    "record": (RecordHead, "uint32_t path[]"),
    "cover": (CoverEntry, ""),
    "rule": (RuleHead, ""),
}
"""The names in C, and what follows a head."""

SETTINGS = (
    *(
        "root",
        "blank",
        "scratch_tmp",
        "noise",
        "script_dir",
        "home",
        "user",
        "host",
        "bash",
        "workspace",
        "path",
        "stubs",
    ),
)
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
