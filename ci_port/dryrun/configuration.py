"""What the library must know of a run, and how it is written into the shared file (native/configuration.c reads it)."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_port.dryrun import layout
from ci_port.dryrun.layout import RuleHead
from ci_port.model import Rule


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


def encode(configuration: Configuration) -> bytes:
    """Return the bytes of a configuration."""
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
