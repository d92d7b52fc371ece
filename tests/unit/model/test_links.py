"""Where links lead."""

from __future__ import annotations

from pathlib import Path

from ci_port.model.links import real


def test_links_are_followed_as_far_as_they_lead(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "lost").symlink_to("nowhere/at/all")
    (tmp_path / "circle").symlink_to("circle")
    place = tmp_path.resolve()
    assert real(tmp_path / "link") == place / "file"
    assert real(tmp_path / "lost") == place / "nowhere/at/all"
    assert real(tmp_path / "circle") == place / "circle"
