"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.project_on_disk import ProjectOnDisk, make_project


@pytest.fixture
def project(tmp_path: Path) -> ProjectOnDisk:
    """A small project in a folder of its own."""
    return make_project(tmp_path)
