"""Libraries of rules that the package brings as data, and that a world includes by name."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ci_port.model.fields import Document
from ci_port.model.rules import Rule, rule_from_json

if TYPE_CHECKING:
    from importlib.abc import Traversable

_SUFFIX = ".json"


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of all libraries, sorted."""
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in _folder().iterdir() if file.name.endswith(_SUFFIX)))


@functools.cache
def library(name: str) -> tuple[Rule, ...]:
    """Return the rules of a library, in order; raises OSError if there is none, DataError if it is malformed."""
    file = _folder() / (name + _SUFFIX)
    fields = Document(file.read_text(encoding="utf-8"), file.name).parse()
    fields.text("about")
    rules = tuple(rule_from_json(rule) for rule in fields.objects("commands"))
    fields.finish()
    return rules


def _folder() -> Traversable:
    from importlib import resources  # not at the top: most worlds include nothing

    return resources.files("ci_port") / "data" / "rules"
