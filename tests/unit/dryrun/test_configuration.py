"""What the library is told of a run."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from ci_port.dryrun import configuration, layout
from ci_port.dryrun.configuration import Change
from ci_port.dryrun.layout import RuleHead
from ci_port.model import File, Link, Rule
from ci_port.model.rules import Made


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
        "host": "here",
        "bash": "/bin/bash",
        "workspace": "/w",
        "path": "/opt/bin:/bin",
        "stubs": "/scratch/stubs",
        "effects": True,
        "has_stdin": False,
        "courses": False,
        "who": configuration.Who(uid=1000, gid=1001, cpus=3),
        "tools": {"cat": ("/bin/cat", layout.TEXT_TOOL), "rm": ("/bin/rm", layout.FILE_TOOL)},
        "missing": ("gone",),
        "follow": ("ci/*.sh", "run"),
        "rules": (Rule(("say", "**"), 1, "said\n", stderr="why\n"), Rule(("a", "*"))),
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

    def texts(self) -> list[bytes]:
        """Take a list of strings."""
        return [self.text() for _ in range(self.number())]

    def rule(self) -> Iterator[object]:
        """Take a rule: its head, its words, its answers, its changes."""
        packer = layout.packer(layout.RuleHead)
        head = layout.RuleHead._make(packer.unpack_from(self.data, self.at))
        self.at += packer.size
        yield head
        yield [self.text() for _ in range(head.words)]
        yield self.text(), self.text()
        yield [(Change(self.number()), self.number(), self.text(), self.text()) for _ in range(head.changes)]


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
        "host": b"here",
        "bash": b"/bin/bash",
        "workspace": b"/w",
        "path": b"/opt/bin:/bin",
        "stubs": b"/scratch/stubs",
    }
    assert reader.number() == 2
    assert (reader.text(), reader.text(), reader.number()) == (b"cat", b"/bin/cat", layout.TEXT_TOOL)
    assert (reader.text(), reader.text(), reader.number()) == (b"rm", b"/bin/rm", layout.FILE_TOOL)
    assert reader.texts() == [b"gone"]
    assert reader.texts() == [b"ci/*.sh", b"run"]
    size = reader.number()
    start = reader.at
    assert list(reader.rule()) == [
        RuleHead(1, words=1, open_end=1, nth=0, changes=0),
        [b"say"],
        (b"said\n", b"why\n"),
        [],
    ]
    assert list(reader.rule()) == [RuleHead(0, words=2, open_end=0, nth=0, changes=0), [b"a", b"*"], (b"", b""), []]
    assert reader.at - start == size
    assert reader.texts() == [b"A=1", b"BAD=\xff"]
    assert reader.at == len(reader.data)


def test_what_a_rule_does_to_files_is_told_removals_first() -> None:
    made: dict[str, Made] = {
        "d": None,
        "f": "text\n",
        "{1.stem}": File("\udcff", 0o4751),
        "link": Link("../f"),
        "empty": "",
    }
    rule = Rule(("tool", "*"), nth=2, removes=("old", "/abs/{1}"), makes=tuple(made.items()))
    reader = Reader(configuration.encode(example(rules=(rule,))))
    assert [reader.number() for _ in range(2)] == [1, 0]
    for _ in layout.SETTINGS:
        reader.text()
    for _ in range(reader.number()):
        reader.text(), reader.text(), reader.number()
    reader.texts(), reader.texts(), reader.number()
    assert list(reader.rule()) == [
        RuleHead(0, words=2, open_end=0, nth=2, changes=7),
        [b"tool", b"*"],
        (b"", b""),
        [
            (Change.REMOVAL, 0, b"old", b""),
            (Change.REMOVAL, 0, b"/abs/{1}", b""),
            (Change.DIRECTORY, 0, b"d", b""),
            (Change.REGULAR, 0o644, b"f", b"text\n"),
            (Change.REGULAR, 0o4751, b"{1.stem}", b"\xff"),
            (Change.LINK, 0, b"link", b"../f"),
            (Change.REGULAR, 0o644, b"empty", b""),
        ],
    ]


def test_the_kinds_of_changes_are_those_of_the_library() -> None:
    native = Path(configuration.__file__).with_name("native") / "makes.c"
    named = re.search(r"enum change \{ (.*) \};", native.read_text(encoding="utf-8"))
    assert named is not None
    assert named[1].split(", ") == [change.name for change in Change]
