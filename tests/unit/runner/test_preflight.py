"""What must hold before the first command."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ci_port.host import Session
from ci_port.model import Execute
from ci_port.runner import preflight
from ci_port.runner.lock import Lock, lock_of
from ci_port.runner.preflight import NotReady, prepare, world_for
from ci_port.runner.project import Project, load_project

ENV = {"PATH": "/bin", "CONFIG": "x"}


@pytest.fixture(autouse=True)
def locked(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the lock one of this checkout's script."""
    lock = Lock("s", "p", {"test.sh": lock_of((checkout / ".ci/test.sh").read_bytes(), ())})
    monkeypatch.setattr(preflight, "packaged_lock", lambda project: lock)


def test_ready(project: Project) -> None:
    ready = prepare(ENV, project)
    assert [step.argv for step in ready.plan.steps if isinstance(step, Execute)] == [("env",), ("test-tool", "x")]
    assert ready.lock.port == "p"


def test_the_plan_knows_the_jobs_environment_and_no_other() -> None:
    world = world_for({"PATH": "/mine", "A": "1"}, load_project())
    assert dict(world.start()) == {"PATH": world.path, "A": "1"}


@pytest.mark.parametrize("name", ["BASH_ENV", "BASH_FUNC_python%%", "SHELLOPTS", "CDPATH", "GLOBIGNORE"])
def test_environments_that_change_bash_are_left_to_bash(project: Project, name: str) -> None:
    with pytest.raises(NotReady, match="changes how bash itself works") as error:
        prepare({**ENV, name: "x"}, project)
    assert error.value.cause == "environment"


def test_a_missing_script(project: Project, checkout: Path) -> None:
    (checkout / ".ci/test.sh").unlink()
    with pytest.raises(NotReady, match=r"there is no \.ci/test\.sh") as error:
        prepare(ENV, project)
    assert error.value.cause == "missing-script"


def test_drift_names_at_most_a_few_branches(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "drift", lambda lock, directory: [f"branch-{n}" for n in range(20)])
    with pytest.raises(NotReady, match=r"branch-0; .*branch-7 and 12 more$") as error:
        prepare(ENV, project)
    assert error.value.cause == "drift"


def test_a_preflight_that_takes_too_long_ends(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def for_ever(sh: Session) -> None:
        while True:
            pass

    monkeypatch.setattr(preflight, "SECONDS", 0.05)
    monkeypatch.setattr(type(project), "program", lambda self: for_ever)
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(NotReady, match="took more than") as error:
        prepare(ENV, project)
    assert error.value.cause == "timeout"
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
