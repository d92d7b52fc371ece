"""One recorder for all cases of a test process: that a case leaves nothing behind is tested on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.dryrun import scene as scenes


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenes.Scene]:
    """A scene in the small world."""
    with scenes.open_recorder(tmp_path_factory.mktemp("scene")) as recorder:
        yield scenes.Scene(recorder)
