"""What the library is told of a run."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ci_port.dryrun import configuration, layout
from ci_port.model import Rule


def example(**changes: object) -> configuration.Configuration:
    """Return the configuration of a run."""
    fields: dict[str, object] = {
        "root": "/scratch/root",
        "blank": "/scratch/blank",
        "scratch_tmp": "/scratch/tmp",
        "noise": "/scratch/noise",
        "script_dir": "/w/ci",
        "home": "/home",
        "user": "me",
        "pure": {"cat": "/bin/cat"},
        "rules": (Rule(("say", "**"), 1, "said\n"), Rule(("a", "*"))),
        "environment": {"A": "1", "BAD": "\udcff"},
    }
    return configuration.Configuration(**{**fields, **changes})  # type: ignore[arg-type]


class Reader:
    """Takes what the library would take."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        """Take a number."""
        self.at += 4
        return int(struct.unpack_from("<I", self.data, self.at - 4)[0])

    def text(self) -> bytes:
        """Take a string, and the NUL that lets the library use it in place."""
        size = self.number()
        self.at += size + 1
        assert self.data[self.at - 1] == 0
        return self.data[self.at - 1 - size : self.at - 1]

    def rule(self) -> Iterator[object]:
        """Take a rule: its head, its words, its answer."""
        packer = layout.packer(layout.RuleHead)
        head = layout.RuleHead._make(packer.unpack_from(self.data, self.at))
        self.at += packer.size
        yield head
        yield [self.text() for _ in range(head.words)]
        yield self.text()


def test_the_parts_stand_in_the_order_in_which_the_library_takes_them() -> None:
    reader = Reader(configuration.encode(example()))
    assert [reader.number() for _ in range(3)] == [2, 0, 0]
    settings = [reader.text() for _ in layout.SETTINGS]
    assert dict(zip(layout.SETTINGS, settings, strict=True)) == {
        "root": b"/scratch/root",
        "blank": b"/scratch/blank",
        "scratch_tmp": b"/scratch/tmp",
        "noise": b"/scratch/noise",
        "script_dir": b"/w/ci",
        "home": b"/home",
        "user": b"me",
    }
    assert (reader.number(), reader.text(), reader.text()) == (1, b"cat", b"/bin/cat")
    size = reader.number()
    start = reader.at
    assert list(reader.rule()) == [layout.RuleHead(status=1, words=1, open_end=1, nth=0), [b"say"], b"said\n"]
    assert list(reader.rule()) == [layout.RuleHead(status=0, words=2, open_end=0, nth=0), [b"a", b"*"], b""]
    assert reader.at - start == size
    assert (reader.number(), reader.text(), reader.text()) == (2, b"A=1", b"BAD=\xff")
    assert reader.at == len(reader.data)
