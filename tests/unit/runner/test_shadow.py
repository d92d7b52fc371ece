"""The observation on the side."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from ci_port.host import observe
from ci_port.model import Case
from ci_port.runner import shadow
from ci_port.runner.preflight import world_for
from ci_port.runner.project import Project, load_project
from tests.unit.runner.small_port import main

ENV = {"PATH": "/bin", "CONFIG": "x"}


# A test worker has threads, the runner has none when it forks; the warning is Python 3.12's.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture
def plan(project: Project) -> dict[str, object]:
    """The plan of the small port, as JSON."""
    return observe(main, world_for(ENV, project), Case("x", ())).plan.to_json()


def command(tmp_path: Path, body: str) -> dict[str, str]:
    """Return the environment with a ci-port that runs `body`."""
    program = tmp_path / "ci-port"
    program.write_text(f"#!{sys.executable}\nimport json, sys, time\n{body}\n")
    program.chmod(0o755)
    return {**ENV, shadow.COMMAND: f"{program}"}


def answering(tmp_path: Path, plan: object) -> dict[str, str]:
    return command(tmp_path, f"sys.stdin.read(); print({json.dumps(json.dumps({'id': 'shadow', 'plan': plan}))})")


def test_same(project: Project, tmp_path: Path, plan: dict[str, object]) -> None:
    seen = shadow.observe(answering(tmp_path, plan), project)
    assert (seen["outcome"], seen["detail"]) == ("same", "2 steps")


def test_a_different_step_is_named(project: Project, tmp_path: Path, plan: dict[str, object]) -> None:
    other = json.loads(json.dumps(plan))
    other["steps"][1]["argv"] = ["test-tool", "y"]
    seen = shadow.observe(answering(tmp_path, other), project)
    assert (seen["outcome"], seen["detail"]) == ("different", "step 2")


def test_a_different_end_is_named(project: Project, tmp_path: Path, plan: dict[str, object]) -> None:
    assert shadow.observe(answering(tmp_path, {**plan, "status": 9}), project)["outcome"] == "different"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("sys.exit('no compiler')", "ci-port ended with 1"),
        ("print('what?')", "ci-port ended with 0"),
        ("print(json.dumps({'id': 'shadow', 'error': 'x'}))", "ci-port ended with 0"),
        ("", "ci-port ended with 0"),
        ("print('[]')", "ci-port ended with 0"),
    ],
)
def test_a_script_that_cannot_be_planned(project: Project, tmp_path: Path, body: str, detail: str) -> None:
    seen = shadow.observe(command(tmp_path, body), project)
    assert seen["outcome"] == "failed"
    assert seen["detail"] == f"the script could not be planned: {detail}"


def test_a_command_that_is_not_there(project: Project) -> None:
    seen = shadow.observe({**ENV, shadow.COMMAND: "/no/such/command"}, project)
    assert seen["outcome"] == "failed"
    assert "FileNotFoundError" in str(seen["detail"])


def test_a_time_limit(project: Project, tmp_path: Path) -> None:
    env = {**command(tmp_path, "time.sleep(60)"), "CI_PORT_SHADOW_SECONDS": "0.2"}
    assert shadow.observe(env, project)["outcome"] == "timeout"


def test_no_command_at_all(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert shadow.observe(ENV, project)["outcome"] == "unavailable"


def test_a_port_that_fails(project: Project) -> None:
    seen = shadow.observe(ENV, project._replace(port="tests.unit.runner.no_such_port:main"))
    assert seen["outcome"] == "failed"


def test_the_script_is_asked_about_the_jobs_environment(project: Project, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    body = f"open({str(asked)!r}, 'w').write(json.dumps([sys.argv[1:], json.loads(sys.stdin.read())]))"
    shadow.observe(command(tmp_path, body), project)
    words, case = json.loads(asked.read_text())
    assert words == ["plan", "--impl", "shell", "--script", ".ci/test.sh", "--cases", "-", "--format", "jsonl"]
    world = world_for({}, load_project())
    assert case["env"]["CONFIG"] == "x"
    assert case["env"]["SHA1"] is None  # the packaged world has one, the job has none
    assert "PATH" not in case["env"]
    assert world.path


def test_the_work_is_done_beside_and_quietly(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done = tmp_path / "done"

    def work() -> None:
        os.write(1, b"not to be seen")
        done.write_text(f"{os.getsid(0) != SESSION} {os.nice(0)}")
        raise ValueError("and this neither")

    SESSION = os.getsid(0)  # noqa: N806
    shadow.beside(work)
    deadline = time.monotonic() + 30
    while not (done.exists() and done.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    own_session, niceness = done.read_text().split()
    assert own_session == "True"
    assert int(niceness) >= 10
    assert capfd.readouterr() == ("", "")
