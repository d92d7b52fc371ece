"""Which starting environments a port cannot follow; bash is the judge of what a name does."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.host import observe, shell_variables
from ci_port.model import Case, RunFailed, World

WORLD = World("/w", "/bin")


@pytest.mark.parametrize("name", [*sorted(shell_variables.NAMES), "BASH_ENV", "BASH_FUNC_python%%", "BASH_COMPAT"])
def test_a_variable_that_changes_bash_is_refused_by_name(name: str) -> None:
    with pytest.raises(RunFailed, match=name):
        observe(lambda session: None, WORLD, Case("x", ((name, "1"),)))


def test_a_missing_path_is_refused() -> None:
    with pytest.raises(RunFailed, match="PATH is not set"):
        observe(lambda session: None, WORLD, Case("x", (("PATH", None),)))


@pytest.mark.parametrize("name", ["HOME", "LANG", "BASHFUL", "TERM", "PATHS", "SECONDS_LEFT"])
def test_other_variables_are_followed(name: str) -> None:
    assert observe(lambda session: None, WORLD, Case("x", ((name, "1"),))).plan.status == 0


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
