"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.project.project_on_disk import ProjectOnDisk, make_project
from tests.unit.review.repository import Repository, made_repository


@pytest.fixture
def project(tmp_path: Path) -> ProjectOnDisk:
    """A small project in a folder of its own."""
    return make_project(tmp_path)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of its own, with one commit, `one`."""
    return made_repository(tmp_path, monkeypatch)
