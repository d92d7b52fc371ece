"""What makes a step a probe."""

from __future__ import annotations

import pytest

from ci_port.dryrun import probes, sources
from ci_port.model import Asked, Execute, Place, Source, Unanswered


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("if cmd; then", True),
        ("  elif cmd; then", True),
        ("while cmd; do", True),
        ("until cmd", True),
        ("! cmd", True),
        ("cmd && other", True),
        ("cmd || exit 1", True),
        ("cmd || true", False),
        ("cmd || :  # never mind", False),
        ("cmd", False),
        ("iffy cmd", False),
        ("other && cmd", False),
        ("(cd test && cmd 'a && b')", False),
        ("(cd test && cmd a && other)", True),
        ('"$@" || (sleep 10 && "$@")', True),
        ('cmd "x || true"', False),
        ('x="$(cmd)"', False),
        ("", False),
    ],
)
def test_a_line_decides(line: str, want: bool) -> None:
    assert probes.decides(line, "cmd") is want


def test_only_commands_without_a_rule_are_listed() -> None:
    text = "if one; then :; fi\ntwo\n"
    steps = (Execute(("one",)), Execute(("two",)), Execute(("three",), stdout="pipe"), Execute(("one",)), Source("x"))
    places = (Place("f", 1), Place("f", 2), Place("none", 9), Place("f", 1), Place("f", 1))
    found = probes.unanswered(steps, places, (False, False, False, True, False), sources.Sources("/", {"f": text}))
    assert found == (
        Unanswered(Asked.STATUS, ("one",), Place("f", 1)),
        Unanswered(Asked.OUTPUT, ("three",), Place("none", 9)),
    )
