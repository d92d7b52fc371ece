"""What is fed to a command or written into a file, in words: long texts are folded, differing lines are not."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence

from ci_port.model import Digest, Execute, Step, Text, Write

SHOWN = 3
"""How many lines of a text are shown where there is nothing to compare it with."""

AROUND = 1
"""How many equal lines are shown before and behind those that differ."""

Quote = Callable[[str], str]


def content_of(step: Step) -> Text | None:
    """Return what the step reads or writes; None if nothing is known to be."""
    if isinstance(step, Execute):
        return step.input
    return step.text if isinstance(step, Write) else None


def shown(step: Step, quote: Quote) -> tuple[str, ...]:
    """Return one note on what the step reads or writes, its end folded; none if that is not known."""
    content = content_of(step)
    if content is None:
        return ()
    lines = _lines(content, quote)
    more = f", … and {len(lines) - SHOWN:,} more lines" if len(lines) > SHOWN else ""
    return (f"{_verb(step)} {', '.join(lines[:SHOWN])}{more}",)


def beside(step: Step, other: Step, quote: Quote) -> tuple[str, ...]:
    """Return a note for each line of what the step reads or writes; what both steps have is folded."""
    content, theirs = content_of(step), content_of(other)
    if content is None or content == theirs:
        return shown(step, quote)
    lines = folded(_lines(content, quote), _lines(theirs, quote) if theirs is not None else [])
    return tuple(f"{_verb(step)} {line}" for line in lines)


def folded(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return our lines; where many of them are equal to theirs, only how many."""
    found: list[str] = []
    for tag, a, b, _, _ in _opcodes(ours, theirs):
        if tag != "equal" or b - a <= 2 * AROUND + 1:
            found += ours[a:b]
            continue
        head, tail = AROUND if a else 0, AROUND if b < len(ours) else 0
        found += [*ours[a : a + head], f"… {b - a - head - tail:,} equal lines", *ours[b - tail : b]]
    return found


def changes(one: Text | None, other: Text | None, quote: Quote) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return which lines of a content were taken away, and which were put in their place."""
    ours, theirs = (_lines(text, quote) if text is not None else [] for text in (one, other))
    return tuple((tuple(ours[a:b]), tuple(theirs[c:d])) for tag, a, b, c, d in _opcodes(ours, theirs) if tag != "equal")


def _verb(step: Step) -> str:
    return "reads" if isinstance(step, Execute) else "writes"


def _lines(content: Text, quote: Quote) -> list[str]:
    """Return the lines of a content, each as one word."""
    if isinstance(content, Digest):
        return [f"{content.size:,} bytes with SHA-256 {content.sha256}"]
    lines = [quote(line) for line in content.split("\n")]
    if lines[-1] == quote("") and content:
        return lines[:-1]
    return [*lines[:-1], f"{lines[-1]} without a newline"] if content else ["(nothing)"]


def _opcodes(left: Sequence[str], right: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
