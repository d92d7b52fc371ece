"""What several subcommands read."""

from __future__ import annotations

import argparse

import pytest

from ci_port.cli.options import environment_changes, project_flags, workers
from ci_port.model.errors import UsageError
from ci_port.parity import cores


def arguments(**more: object) -> argparse.Namespace:
    empty: dict[str, object] = {"env": [], "unset": []}
    empty |= dict.fromkeys(("jobs", "config", "script", "port", "world"))
    return argparse.Namespace(**{**empty, **more})


def test_environment_changes() -> None:
    given = arguments(env=["A=1", "B=", "C=x=y", "A=2"], unset=["D"])
    assert environment_changes(given) == {"A": "2", "B": "", "C": "x=y", "D": None}


@pytest.mark.parametrize("given", [arguments(env=["A"]), arguments(env=["=1"]), arguments(env=["A=\0"], unset=["A"])])
def test_what_is_no_variable_is_refused(given: argparse.Namespace) -> None:
    with pytest.raises(UsageError):
        environment_changes(given)


def test_jobs_default_to_all_cores() -> None:
    assert workers(arguments()) == cores()
    assert workers(arguments(jobs=7)) == 7


def test_project_flags_lead_to_the_same_project() -> None:
    assert project_flags(arguments()) == []
    assert project_flags(arguments(script="a b", port="m:f")) == ["--script", "a b", "--port", "m:f"]
