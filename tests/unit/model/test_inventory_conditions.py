"""The conditions that only scripts bring: `-v`, `=~`, two variables, probes. Bash is asked as well."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.model import ALWAYS, Condition, Equals, Fits, Nonempty, Present, Probe, Same, atoms

VALUES = (None, "", "x", "a1", "A b", "[", "a.b", "aab", "-", "\\")
CONDITIONS = (
    Present("A"),
    Same("A", "B"),
    Fits("A", "^[a-z]+$"),
    Fits("A", "[[:upper:]]"),
    Fits("A", "a\\.b|^x$"),
    Fits("A", "^(a){2}b?$"),
    Fits("A", "[]x]"),
    Fits("A", "[^[:space:]a-z]"),
    Fits("A", "^-?$"),
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_bash_gives_the_same_value(condition: Condition) -> None:
    worlds = [{name: v for name, v in (("A", a), ("B", "x")) if v is not None} for a in VALUES]
    lines = []
    for world in worlds:
        sets = "".join(f"{name}='{value}'; " for name, value in world.items())
        lines.append(f"unset A B; {sets}if {condition}; then echo yes; else echo no; fi")
    done = subprocess.run(["bash"], input="\n".join(lines), capture_output=True, text=True, check=True)
    assert [("yes" if condition.holds(world) else "no") for world in worlds] == done.stdout.split()


def test_a_regular_expression_without_an_equal_here_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not supported"):
        Fits("A", "(a)\\1")


def test_only_a_run_can_answer_a_probe() -> None:
    probe = Probe("-f $A", frozenset("A"), bracketed=True)
    assert str(probe) == "[[ -f $A ]]"
    assert str(Probe("command -v a")) == "command -v a"
    assert probe.variables() == {"A"}
    with pytest.raises(LookupError):
        probe.holds({"A": "x"})


def test_atoms_are_the_tests_from_the_left_each_once() -> None:
    one, two, three = Nonempty("A"), Equals("B", "c"), Probe("d")
    assert atoms((one & ~two) | (three & one)) == (one, two, three)
    assert atoms(ALWAYS) == ()
    assert Same("A", "B").variables() == {"A", "B"}
