"""The folder that rows are run in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.host.live.beside_bash import EXECUTABLE, FILES


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with all the files that rows speak of."""
    for name in ("folder", "first", "second", "home"):
        (tmp_path / name).mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in EXECUTABLE:
        (tmp_path / name).chmod(0o755)
    (tmp_path / "link").symlink_to("folder")
    return tmp_path
