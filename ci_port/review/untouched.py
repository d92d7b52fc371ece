"""Which runs a change of the script cannot touch, so that they need not be recorded again.

A change that stays inside the bodies of functions and arms matters only to runs that entered one of them: what comes
before is read and decided as it was. A change anywhere else matters to every run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci_port.model.fingerprint import of_files
from ci_port.model.links import real

if TYPE_CHECKING:
    from ci_port.shell import Inventory

Lines = Mapping[str, frozenset[int]]
Span = tuple[int, int]
_KINDS = ("if", "elif", "else", "case", "for", "while", "until")
# A script that asks for its own line numbers sees every shift.
_SELF_AWARE = re.compile(r"\bLINENO\b|(?:^|[;&|(`{])\s*caller\b")


@dataclass(frozen=True, slots=True)
class _Body:
    """The inside of a function or an arm: a run entered it if it executed a line of `whole`.

    `inner` are the lines that hold nothing else, neither the condition nor the keyword of the next arm.
    """

    whole: Span
    inner: Span

    def holds(self, first: int, last: int) -> bool:
        """Return whether these lines are inside; an empty range (last < first) stands between two lines.

        At the edge of a body it does not tell on which side it is; what stands there in the other script does.
        """
        if first > last:
            return self.inner[0] <= first <= self.inner[1] + 1
        return self.inner[0] <= first and last <= self.inner[1]


def touched(before: Path, after: Path) -> Callable[[Lines], bool]:
    """Return what tells, from the lines that a run of `before` executed, whether `after` may do something else."""
    bodies = _changed_bodies(before, after)
    if bodies is None:
        return lambda _: True
    return lambda lines: any(_ran(lines.get(before.name, frozenset()), body.whole) for body in bodies)


def _ran(lines: frozenset[int], span: Span) -> bool:
    return any(span[0] <= line <= span[1] for line in lines)


def _changed_bodies(before: Path, after: Path) -> list[_Body] | None:
    """Return the bodies of `before` that all changes are in; None if some change is in none, or it cannot be told."""
    if before.name != after.name or _neighbours(before) != _neighbours(after):
        return None
    old, new = _lines(before), _lines(after)
    if any(_SELF_AWARE.search(line) for line in (*old, *new)):
        return None
    opcodes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [(a, b, c, d) for tag, a, b, c, d in opcodes if tag != "equal"]
    # Reading a script takes a while. What starts at the margin is hardly in a body, and then every run is touched.
    if any(line[:1].strip() for a, b, c, d in changes for line in (*old[a:b], *new[c:d])):
        return None
    ours, theirs = _bodies(before, old), _bodies(after, new)
    found = []
    for a, b, c, d in changes:
        holding = [
            body
            for name, body in ours.items()
            if name in theirs and body.holds(a + 1, b) and theirs[name].holds(c + 1, d)
        ]
        if not holding:
            return None
        found.append(min(holding, key=lambda body: body.whole[1] - body.whole[0]))
    return found


def _neighbours(script: Path) -> str:
    """Return the fingerprint of all that stands beside the script."""
    script = real(script)
    others = (path for path in script.parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return of_files(script.parent, (path for path in others if path != script))


def _lines(script: Path) -> list[str]:
    return script.read_text(errors="surrogateescape").splitlines()


def _bodies(script: Path, lines: Sequence[str]) -> dict[str, _Body]:
    """Return the inside of each function and arm by name; none where the script cannot be read this closely."""
    try:
        from ci_port.shell import ScriptError, read_script
    except ImportError:
        return {}
    try:
        inventory = read_script(script, follow=False)
    except ScriptError:
        return {}
    return {} if inventory.unknown else dict(_named_bodies(inventory, lines))


def _named_bodies(inventory: Inventory, lines: Sequence[str]) -> Iterator[tuple[str, _Body]]:
    for function in inventory.functions:
        # Only where the first and the last line hold nothing of the body.
        if lines[function.line - 1].rstrip().endswith("{") and lines[function.end_line - 1].strip() == "}":
            inner = (function.line + 1, function.end_line - 1)
            yield f"function {function.name}", _Body(inner, inner)
    keywords = {branch.line for branch in inventory.branches}
    for branch in inventory.branches:
        if branch.kind in _KINDS:
            after_condition = inventory.condition_lines.get(branch.id, (branch.line, branch.line))[1] + 1
            last = branch.body[1] - (branch.body[1] in keywords)
            yield branch.id, _Body(branch.body, (max(branch.body[0], after_condition), last))
