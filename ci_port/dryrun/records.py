"""The records of the log: one for each event of a run (native/log.c writes them)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from ci_port.dryrun import layout
from ci_port.dryrun.layout import Kind, RecordHead


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
    place: int = 0
    """Where in the shared file the record stands: others name it so."""
    content: bytes = b""
    """Of TEXT and INPUT."""
    stack: tuple[str, ...] = ()
    """The functions as bash has them: `functions`, with `main` and `source`."""

    @property
    def process(self) -> tuple[int, ...]:
        """The place of its process in the tree of forks."""
        return self.order[: -3 if self.kind is Kind.COMMAND else -1]


_BEHIND = 1 << 32
_WITH_WORDS = (Kind.EXECUTE, Kind.TOOL, Kind.COMMAND)
_WITH_CONTENT = (Kind.TEXT, Kind.INPUT)


def decode(place: int, head: RecordHead, data: bytes) -> Record:
    """Return the record with this head, which stands at `place`; `data` is what follows the head."""
    kind = Kind(head.kind)
    order = (*struct.unpack_from(f"<{head.depth}I", data), head.seq)
    if kind is Kind.COMMAND:
        # It has no number of its own, and comes behind all that a process did that was started with the last one.
        order = (*order, _BEHIND, place)
    at = 4 * head.depth
    texts = []
    text = b""
    for _ in range(2 + len(layout.TEXTS[kind])):
        text, at = _string(data, at)
        texts.append("" if kind in _WITH_CONTENT else os.fsdecode(text))
    words = variables = b""
    if kind in _WITH_WORDS:
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
        place,
        text if kind in _WITH_CONTENT else b"",
        tuple(name for name in texts[1].split(" ") if name),
    )


def _split(block: bytes) -> list[bytes]:
    return block.split(b"\0")[:-1]


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 4 + struct.unpack_from("<I", data, at)[0]
    return data[at + 4 : end], end
