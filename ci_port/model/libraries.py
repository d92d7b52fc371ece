"""Libraries of rules that the package brings as data, and that a world includes by name."""

from __future__ import annotations

import functools

from ci_port.model.fields import Document
from ci_port.model.packaged import data
from ci_port.model.rules import Rule, rule_from_json

NAMES = ("archives", "download", "git", "node", "python")
"""All libraries; a bundle cannot list its files."""


@functools.cache
def library(name: str) -> tuple[Rule, ...]:
    """Return the rules of a library, in order; raises OSError if there is none, DataError if it is malformed."""
    fields = Document(data(f"rules/{name}.json"), f"{name}.json").parse()
    fields.text("about")
    rules = tuple(rule_from_json(rule) for rule in fields.objects("commands"))
    fields.finish()
    return rules
