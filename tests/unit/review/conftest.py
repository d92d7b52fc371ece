"""Fixtures of the tests of reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.review.repository import Repository, made_repository


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of its own, with one commit, `one`."""
    return made_repository(tmp_path, monkeypatch)
