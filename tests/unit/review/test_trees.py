"""Where script and port stand in the trees of two revisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.review import trees
from ci_port.review.trees import Paths
from tests.unit.review.repository import Repository


@pytest.mark.parametrize(
    ("port", "file", "found", "root"),
    [
        ("mine:main", "mine.py", ("mine.py", "mine.py"), "."),
        ("mine:main", "mine/__init__.py", ("mine/__init__.py", "mine"), "."),
        ("mine.port:main", "mine/port.py", ("mine/port.py", "mine"), "."),
        ("mine.port:main", "src/mine/port/__init__.py", ("src/mine/port/__init__.py", "src/mine"), "src"),
    ],
)
def test_the_whole_top_package_comes_along(
    port: str, file: str, found: tuple[str, str], root: str, tmp_path: Path
) -> None:
    paths = Paths.of(tmp_path, tmp_path.resolve() / "ci/test.sh", port, tmp_path.resolve() / file, {})
    assert (paths.script, paths.port, paths.package) == ("ci/test.sh", *found)
    assert paths.all == ["ci", found[1]]
    assert paths.port_root == root


@pytest.mark.parametrize("file", [None, Path("/elsewhere/mine.py")])
def test_a_port_that_stands_elsewhere_has_no_place(file: Path | None, tmp_path: Path) -> None:
    paths = Paths.of(tmp_path, tmp_path.resolve() / "test.sh", "mine:main", file, {})
    assert paths == Paths("test.sh", None, None, {})
    assert paths.all == ["."]


def test_what_is_given_comes_along_where_it_is_ours(tmp_path: Path) -> None:
    given = {"the world": tmp_path / "data/world.json", "the table of jobs": Path("/elsewhere/jobs.csv")}
    paths = Paths.of(tmp_path, tmp_path.resolve() / "ci/test.sh", "mine:main", None, given)
    assert paths.given == {"the world": "data/world.json"}
    assert paths.all == ["ci", "data/world.json"]


def test_without_a_head_the_working_tree_is_compared(repository: Repository) -> None:
    with trees.both(repository.root, "one", None, ["scripts"]) as (before, after):
        assert (before.label, after.root) == ("one", repository.root)


def test_two_revisions_are_taken_out_and_cleared_away(repository: Repository) -> None:
    repository.edit("scripts/test.sh", "set -e", "set -eu")
    repository.commit("two")
    with trees.both(repository.root, "one", "two", ["scripts"]) as both:
        texts = [(tree.root / "scripts/test.sh").read_text() for tree in both]
        assert ["set -eu" in text for text in texts] == [False, True]
    assert not any(tree.root.exists() for tree in both)
