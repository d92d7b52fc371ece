"""Which starting environments a port cannot follow; bash is the judge of what a name does."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.bash.variables import COMPUTED, OWN, SETTINGS, changes_bash, why_not_followed
from tests.unit.bash.real import BASH


@pytest.mark.parametrize("name", [*sorted(SETTINGS | COMPUTED), "BASH_ENV", "BASH_FUNC_python%%", "BASH_COMPAT"])
def test_a_variable_that_changes_bash_is_named(name: str) -> None:
    assert changes_bash(name)
    assert name in why_not_followed({"PATH": "/bin", name: "1"})


def test_a_missing_path_is_a_reason() -> None:
    assert "PATH is not set" in why_not_followed({})


@pytest.mark.parametrize("name", ["HOME", "LANG", "BASHFUL", "TERM", "PATHS", "SECONDS_LEFT"])
def test_other_variables_are_followed(name: str) -> None:
    assert why_not_followed({"PATH": "/bin", name: "1"}) == ""


def test_what_a_shell_has_without_being_told_is_its_own() -> None:
    command = [BASH, "--norc", "-c", "true; f() { compgen -v; }; f"]
    said = subprocess.run(command, env={}, capture_output=True, text=True, check=True).stdout.split()
    assert {*said} - OWN <= {"PATH", "SHELL", "TERM"}
    assert {"BASH_VERSINFO", "PPID", "_"} <= {*said}


@pytest.mark.parametrize(
    ("variable", "script", "with_it", "without"),
    [
        ("CDPATH=/usr", "cd bin && pwd", "/usr/bin\n/usr/bin\n", ""),
        ("IFS=x", 'v=axb; printf "<%s>" $v', "<axb>", "<axb>"),
        ("SHELLOPTS=noglob", "echo /us*", "/us*\n", "/usr\n"),
        ("BASH_FUNC_true%%=() { echo mine; }", "true", "mine\n", ""),
        ("RANDOM=text", "[[ $RANDOM == text ]] || echo computed", "computed\n", "computed\n"),
    ],
)
def test_bash_really_does_something_else(variable: str, script: str, with_it: str, without: str) -> None:
    def said(*environment: str) -> str:
        command = ["env", "-i", "PATH=/usr/bin:/bin", *environment, "bash", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/usr/share").stdout

    assert (said(variable), said()) == (with_it, without)
