"""What a case changes in the world, and its JSON."""

from __future__ import annotations

import json

import pytest

from ci_port.model import Document, File, Link, Overlay, Rule
from ci_port.model.overlay import needs_version_2, overlay_from_json, overlay_to_json

OLD = Overlay((Rule(("a", "**"), 1, "out", (("X", "1*"),), 2),), (("/f", "text"),), ("/g",))


def test_an_empty_overlay_changes_nothing() -> None:
    assert overlay_from_json(Document("{}", "o").parse()) == Overlay()
    assert overlay_to_json(Overlay()) == {}


def test_an_overlay_comes_back_from_its_json() -> None:
    overlay = Overlay(OLD.commands, (("/f", File("", 0o755)), ("/l", Link("f"))), ("/g*",), ("git",), ("/bin/hg",))
    value = overlay_to_json(overlay)
    assert value == {
        "commands": [{"argv": ["a", "**"], "status": 1, "stdout": "out", "when": {"X": "1*"}, "nth": 2}],
        "files": {"/f": {"text": "", "mode": "755"}, "/l": {"link": "f"}},
        "absent": ["/g*"],
        "missing": ["git"],
        "executables": ["/bin/hg"],
    }
    assert overlay_from_json(Document(json.dumps(value), "o").parse()) == overlay


@pytest.mark.parametrize(
    ("overlay", "field"),
    [
        (OLD, None),
        (Overlay(), None),
        (Overlay((Rule(("a",)), Rule(("b",), makes=(("x", None),)))), "commands[1].makes"),
        (Overlay(files=(("/a", ""), ("/b", Link("a")))), "files./b"),
        (Overlay(missing=("a",), executables=("/b",)), "missing"),
        (Overlay(executables=("/b",)), "executables"),
    ],
)
def test_what_only_version_2_understands(overlay: Overlay, field: str | None) -> None:
    assert needs_version_2(overlay) == field
