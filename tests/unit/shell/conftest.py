"""A recorder of courses for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.dryrun import scene as scenes
from tests.unit.shell.covering import Covering


@pytest.fixture(scope="session")
def covering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Covering]:
    """What runs small scripts under the recorder and reads their courses."""
    directory = tmp_path_factory.mktemp("covering")
    with scenes.open_recorder(directory, world=scenes.WORLD_2, decides=scenes.no_status, courses=True) as recorder:
        yield Covering(scenes.Scene(recorder, scenes.SCRIPT_2), directory / "text")
