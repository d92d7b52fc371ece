"""Whether a run of the recorder is the run of real bash: the same, a known limit, a race, or different."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from tests.parity.small_scripts import Run, Script, differences

Side = Callable[[Script], Run]
"""Runs a script: real bash, or the recorder."""
_AGAIN = 10


class Verdict(Enum):
    """What came out."""

    EQUAL = "equal"
    LIMIT = "limit"
    RACE = "race"
    DIFFERENT = "different"
    LEFT_OUT = "left out"
    """Real bash itself did not come to an end, or crashed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A difference that is known: the name that it has in `docs/limits.md`, and by what it is recognised.

    `script` is found in the script's text and `difference` in each difference, both regular expressions.
    """

    name: str
    script: str = ""
    difference: str = ""

    def explains(self, script: Script, found: Iterable[str]) -> bool:
        """Return whether this is all that is different."""
        return bool(re.search(self.script, script.text, re.DOTALL)) and all(
            re.search(self.difference, line, re.DOTALL) for line in found
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, with the differences (real | recorded) and the limit that explains them."""

    verdict: Verdict
    differences: tuple[str, ...] = ()
    limit: str = ""

    @property
    def kind(self) -> str:
        """What the first difference is about, without the words of this one script."""
        if not self.differences:
            return ""
        about, _, sides = self.differences[0].partition(": ")
        about = re.sub(r"^file .*", "file", re.sub(r"\d+", "N", about))
        words = [side.split() for side in sides.split(" | ", 1)]
        if about.startswith(("command", "file", "ended")):
            # The names of the two commands, or what the two paths are; the words behind them belong to one script.
            return f"{about}: " + " | ".join(" ".join(side[:6] if about == "ended" else side[:1]) for side in words)
        return about


def judge(script: Script, real: Side, recorded: Side, limits: Iterable[Limit] = ()) -> Judged:
    """Run a script on both sides and compare; where they differ, ask real bash again whether it is sure."""
    run = real(script)
    if run.ended:
        return Judged(Verdict.LEFT_OUT, (run.ended,))
    other = recorded(script)
    found = tuple(differences(run, other))
    if not found:
        return Judged(Verdict.EQUAL)
    if other.ended.startswith(f"refused, bash was ended by signal {run.status - 128} "):
        return Judged(Verdict.LEFT_OUT, found)  # bash itself crashes, on both sides
    for limit in limits:
        if limit.explains(script, found):
            return Judged(Verdict.LIMIT, found, limit.name)
    sure = not any(any(differences(run, real(script))) for _ in range(_AGAIN))
    return Judged(Verdict.DIFFERENT if sure else Verdict.RACE, found)


@dataclass
class Tally:
    """What came out for many scripts: how often, and the first script of each kind of difference."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    limits: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[Script, Judged]] = field(default_factory=dict)

    def add(self, script: Script, judged: Judged) -> None:
        """Count one script."""
        self.counts[judged.verdict] += 1
        if judged.verdict is Verdict.LIMIT:
            self.limits[judged.limit] += 1
        if judged.verdict is Verdict.DIFFERENT:
            self.kinds[judged.kind] += 1
            self.first.setdefault(judged.kind, (script, judged))

    def update(self, other: Tally) -> None:
        """Count all that another one counted."""
        self.counts.update(other.counts)
        self.limits.update(other.limits)
        self.kinds.update(other.kinds)
        self.first = {**other.first, **self.first}

    def __str__(self) -> str:
        limits = ", ".join(f"{count:,} {name}" for name, count in self.limits.most_common())
        races, left_out = self.counts[Verdict.RACE], self.counts[Verdict.LEFT_OUT]
        return (
            f"{self.counts.total():,} scripts: {self.counts[Verdict.EQUAL]:,} equal, "
            f"{self.counts[Verdict.DIFFERENT]:,} different, {self.counts[Verdict.LIMIT]:,} listed limits"
            f"{f' ({limits})' if limits else ''}"
            + (f", {races:,} races" if races else "")
            + (f", {left_out:,} that do not end under real bash" if left_out else "")
        )


def shown(script: Script, judged: Judged) -> str:
    """Return a script with its differences, for people."""
    around = {
        "arguments": shlex.join(script.args),
        "input": repr(script.stdin) if script.stdin else "",
        "environment": " ".join(f"{name}={shlex.quote(value)}" for name, value in script.env.items() if name != "W"),
        "rules": "\n  ".join(json.dumps(rule) for rule in script.rules),
    }
    lines = [script.text.rstrip("\n"), *(f"# {name}: {text}" for name, text in around.items() if text)]
    return "\n".join(lines) + "".join(f"\n=> real | recorded: {line}" for line in judged.differences)
