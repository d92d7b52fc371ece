"""A branch as the inventory prints it."""

from __future__ import annotations

from ci_port.model import Branch, Equals


def test_the_printed_fields_are_those_that_are_promised() -> None:
    branch = Branch("f/if-1", "if", "f", 3, 5, "[[ $A == b ]]", Equals("A", "b"), "abc", (4, 5))
    assert branch.to_json() == {
        "id": "f/if-1",
        "kind": "if",
        "function": "f",
        "line": 3,
        "end_line": 5,
        "condition": "[[ $A == b ]]",
    }
    assert branch.kind in Branch.KINDS
