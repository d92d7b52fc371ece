"""What the tests that run jobs for real share: the compiled stand-in, the bundle, and machines of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port.model import World
from ci_port.model.world import load_world
from ci_port.project.file import load_project
from ci_port.runner.bundle import bundle
from tests.lock_now import lock_now
from tests.parity.live_machine import LiveMachine, compile_stand_in
from tests.parity.real_bash import SOURCE, RealBash


@pytest.fixture(scope="session")
def packaged_world() -> World:
    """The world that the package brings."""
    return load_world(load_project(None).world)


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in for every command, compiled."""
    return compile_stand_in(tmp_path_factory.mktemp("stand-in") / "stand-in")


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as `ci-port bundle` makes it, with a lock of the script and the port as they are now."""
    target = tmp_path_factory.mktemp("bundle") / "test_python_ci.py"
    target.write_bytes(bundle(lock_now().encode()))
    return target


@pytest.fixture
def machine(tmp_path: Path, stand_in: Path, bundled: Path, packaged_world: World) -> Iterator[LiveMachine]:
    """A machine that nobody else uses; processes that were left on it are ended."""
    machine = LiveMachine(tmp_path / "machine", stand_in, bundled, packaged_world)
    yield machine
    machine.end()


@pytest.fixture(scope="session")
def asking_stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in that asks what to do, compiled."""
    return compile_stand_in(tmp_path_factory.mktemp("asking") / "stand-in", SOURCE)


@pytest.fixture(scope="session")
def real_bash(asking_stand_in: Path) -> Iterator[RealBash]:
    """Where small scripts run for real; contained if this machine can."""
    with RealBash(asking_stand_in) as bash:
        yield bash
