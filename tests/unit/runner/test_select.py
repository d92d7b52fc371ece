"""Which side runs a job."""

from __future__ import annotations

import pytest

from ci_port.runner.project import Project, load_project
from ci_port.runner.select import Side, UnknownPhase, choose, script_command, select_test_command

ON = {"USE_PORT": "1"}


@pytest.mark.parametrize(
    ("env", "command"),
    [
        ({}, (".ci/test.sh",)),
        ({"USE_PORT": "0"}, (".ci/test.sh",)),
        ({"USE_PORT": "yes"}, (".ci/test.sh",)),
        (ON, ("python3", "port.py")),
        ({**ON, "CONFIG": "own"}, (".ci/own.sh",)),
        ({"CONFIG": "own2"}, (".ci/own.sh",)),
    ],
)
def test_commands(project: Project, env: dict[str, str], command: tuple[str, ...]) -> None:
    assert select_test_command(env, project) == command
    assert script_command(env, project) == ((".ci/test.sh",) if command[0] == "python3" else command)


SMOKE = {"USE_PYTHON_TEST_RUNNER": "1", "TEST_CONFIG": "smoke", "BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11"}
DOCS = {**SMOKE, "TEST_CONFIG": "docs_test"}


@pytest.mark.parametrize(
    ("env", "phase", "side", "cause"),
    [
        (SMOKE, "0", Side.SHADOW, "shadow"),
        (SMOKE, "1", Side.PORT, "phase"),
        (SMOKE, "3", Side.PORT, "phase"),
        (DOCS, "0", Side.SCRIPT, "phase"),
        (DOCS, "1", Side.SHADOW, "shadow"),
        (DOCS, "2.1", Side.PORT, "phase"),
        ({**SMOKE, "USE_PYTHON_TEST_RUNNER": "0"}, "3", Side.SCRIPT, "flag"),
        ({**SMOKE, "TEST_CONFIG": "multigpu"}, "3", Side.SCRIPT, "special"),
    ],
)
def test_phases(env: dict[str, str], phase: str, side: Side, cause: str) -> None:
    choice = choose(env, load_project(), phase)
    assert (choice.side, choice.cause) == (side, cause)
    assert choice.phase == (None if cause in ("flag", "special") else phase)
    assert choice.reason


def test_without_a_name_the_phase_in_force_counts() -> None:
    assert choose(SMOKE, load_project()).phase is not None


def test_an_unknown_phase_is_an_error() -> None:
    with pytest.raises(UnknownPhase, match="there is no phase"):
        choose(SMOKE, load_project(), "9")
