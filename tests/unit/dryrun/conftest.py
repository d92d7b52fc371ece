"""One recorder for all cases of a test process: that a case leaves nothing behind is tested on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port.dryrun import scratch
from tests.unit.dryrun import scene as scenes


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenes.Scene]:
    """A scene in the small world."""
    with scenes.open_recorder(tmp_path_factory.mktemp("scene")) as recorder:
        yield scenes.Scene(recorder)


@pytest.fixture(scope="session")
def scene_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenes.Scene]:
    """A scene in the small world in which files change, and where no status decides anything."""
    directory = tmp_path_factory.mktemp("scene_2")
    with scenes.open_recorder(directory, world=scenes.WORLD_2, decides=scenes.no_status) as recorder:
        yield scenes.Scene(recorder, scenes.SCRIPT_2)


@pytest.fixture
def scratch_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of our own for scratch trees, to see what stays in it."""
    base = tmp_path / "base"
    base.mkdir()
    monkeypatch.setattr(scratch, "_base", lambda: str(base))
    return base
