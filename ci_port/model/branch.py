"""`Branch`: one arm of the script, with an id that survives line shifts, its condition, and its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ci_port.model.condition import Condition


@dataclass(frozen=True, slots=True)
class Branch:
    """One arm: `if`, `elif`, `else`, an item of a `case`, a loop, or the right side of `&&` or `||`.

    `id` is made of the function, the arms around it, its kind and its condition, never of a line. `line` is that of the
    keyword (`case`: of the item's pattern), `end_line` the last of the body; `body` is the body's first and last line.
    `text` is the condition as the script writes it (None for `else`), `condition` what it says about the variables.
    `fingerprint` is of the arm's own text, without comments, indentation and the arms inside it.
    """

    id: str
    kind: str
    function: str | None
    line: int
    end_line: int
    text: str | None
    condition: Condition | None
    fingerprint: str
    body: tuple[int, int]
    parent: str | None = None
    KINDS: ClassVar[tuple[str, ...]] = ("if", "elif", "else", "case", "for", "while", "until", "and", "or")

    def to_json(self) -> Mapping[str, Any]:
        """Return the branch as the inventory prints it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "function": self.function,
            "line": self.line,
            "end_line": self.end_line,
            "condition": self.text,
        }
