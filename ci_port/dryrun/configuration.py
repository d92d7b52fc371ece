"""What the library must know of a run, and how it is written into the shared file (native/configuration.c reads it)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ci_port.dryrun import layout
from ci_port.dryrun.layout import RuleHead
from ci_port.model import Rule
from ci_port.model.files import Link, file_of
from ci_port.model.rules import Made


@dataclass(frozen=True, slots=True)
class Who:
    """The user who runs the script, and how many processors there are."""

    uid: int
    gid: int
    cpus: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the library must know of one run; paths are bytes as the kernel takes them.

    `stubs` is the file of stubs (`stubs`), empty if there is none. `effects`: the world has version 2. `has_stdin`: the
    case says what the script reads. `courses`: each command that the shell starts is written down. `tools` are the
    programs that really run, each with its kind.
    """

    root: str
    blank: str
    scratch_tmp: str
    noise: str
    script_dir: str
    home: str
    user: str
    host: str
    bash: str
    workspace: str
    path: str
    stubs: str
    effects: bool
    has_stdin: bool
    courses: bool
    who: Who
    tools: Mapping[str, tuple[str, int]]
    missing: Sequence[str]
    follow: Sequence[str]
    rules: Sequence[Rule]
    environment: Mapping[str, str]


class Change(IntEnum):
    """What a rule does to one path."""

    DIRECTORY = 0
    REGULAR = 1
    LINK = 2
    REMOVAL = 3


def encode(configuration: Configuration) -> bytes:
    """Return the bytes of a configuration."""
    # One counter a rule, aligned: the library counts how often a rule's words matched (`Rule.nth`).
    parts = [struct.pack("<I", len(configuration.rules)), bytes(4 * len(configuration.rules))]
    parts += [_text(getattr(configuration, name)) for name in layout.SETTINGS]
    parts.append(struct.pack("<I", len(configuration.tools)))
    parts += [_text(name) + _text(path) + struct.pack("<I", kind) for name, (path, kind) in configuration.tools.items()]
    parts += [_list(configuration.missing), _list(configuration.follow)]
    rules = b"".join(_rule(rule) for rule in configuration.rules)
    parts.append(struct.pack("<I", len(rules)) + rules)
    parts.append(_list(f"{name}={value}" for name, value in configuration.environment.items()))
    return b"".join(parts)


def _rule(rule: Rule) -> bytes:
    open_end = rule.argv[-1] == "**"
    words = rule.argv[:-1] if open_end else rule.argv
    changes = [*_removals(rule.removes), *(_made(path, made) for path, made in rule.makes)]
    head = RuleHead(rule.status, len(words), open_end, rule.nth, len(changes))
    parts = [layout.packer(RuleHead).pack(*head), *map(_text, words), _text(rule.stdout), _text(rule.stderr), *changes]
    return b"".join(parts)


def _removals(paths: Iterable[str]) -> Iterator[bytes]:
    return (_change(Change.REMOVAL, 0, path, "") for path in paths)


def _made(path: str, made: Made) -> bytes:
    if made is None:
        return _change(Change.DIRECTORY, 0, path, "")
    content = file_of(made)
    if isinstance(content, Link):
        return _change(Change.LINK, 0, path, content.target)
    return _change(Change.REGULAR, content.mode, path, content.text)


def _change(change: Change, mode: int, path: str, content: str) -> bytes:
    return struct.pack("<II", change, mode) + _text(path) + _text(content)


def _list(texts: Iterable[str]) -> bytes:
    parts = [_text(text) for text in texts]
    return struct.pack("<I", len(parts)) + b"".join(parts)


def _text(text: str) -> bytes:
    data = os.fsencode(text)
    return struct.pack("<I", len(data)) + data + b"\0"
