"""What a stand-in answers, by the rules of a script."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rules:
    """The answers of one run; a rule with `nth` counts every command that it matches."""

    rules: Sequence[Mapping[str, Any]]
    counts: dict[int, int] = field(default_factory=dict)

    def to(self, argv: Sequence[str], count: bool = True) -> Mapping[str, Any] | None:
        """Return the first rule that speaks of this command, and count it for all rules unless told otherwise."""
        found: Mapping[str, Any] | None = None
        for index, rule in enumerate(self.rules):
            if not matches(rule["argv"], argv):
                continue
            uses = self.counts.get(index, 0) + 1
            if count:
                self.counts[index] = uses
            if found is None and rule.get("nth", 0) in (0, uses):
                found = rule
        return found


def matches(pattern: Sequence[str], argv: Sequence[str]) -> bool:
    """Return whether a rule's words match: `*` is any one word, a last `**` any number of words."""
    if pattern and pattern[-1] == "**":
        pattern, argv = pattern[:-1], argv[: max(len(pattern) - 1, 0)]
    return len(pattern) == len(argv) and all(want in ("*", have) for want, have in zip(pattern, argv, strict=True))


def filled(path: str, argv: Sequence[str]) -> str:
    """Return a path with the words of the command put in ({N}, {N.name}, {N.stem}); empty if one is not there."""
    for number, word in enumerate(argv):
        name = os.path.basename(word)
        path = path.replace(f"{{{number}}}", word).replace(f"{{{number}.name}}", name)
        path = path.replace(f"{{{number}.stem}}", os.path.splitext(name)[0])
    return "" if re.search(r"\{\d+(\.(name|stem))?\}", path) else path


def changes(rule: Mapping[str, Any], argv: Sequence[str]) -> Iterator[str]:
    """Yield the file changes of a rule as the stand-in wants them: kind, path, text, mode, and again.

    What is removed goes first. A path that speaks of a word that the command does not have is left alone.
    """
    for path in rule.get("removes", ()):
        yield from ("r", filled(path, argv), "", "")
    for path, made in rule.get("makes", {}).items():
        if made is None:
            yield from ("d", filled(path, argv), "", "")
        elif isinstance(made, str):
            yield from ("f", filled(path, argv), made, "644")
        elif "link" in made:
            yield from ("l", filled(path, argv), made["link"], "")
        else:
            yield from ("f", filled(path, argv), made.get("text", ""), made.get("mode", "644"))
