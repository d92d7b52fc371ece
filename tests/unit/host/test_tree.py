"""Files and directories of a world."""

from __future__ import annotations

import pytest

from ci_port.host.tree import Tree
from ci_port.model import World


@pytest.fixture
def tree(world: World) -> Tree:
    """The tree of the small world."""
    return Tree.of(world)


def test_what_lies_above_is_a_directory(tree: Tree) -> None:
    """Listed or not."""
    assert all(tree.is_dir(path) for path in ("/", "/w", "/w/test", "/w/dist", "/bin"))
    assert not tree.is_dir("/w/notes.txt")
    assert not tree.is_dir("/nowhere")


def test_names(tree: Tree) -> None:
    """Of files, directories and executables alike."""
    assert tree.names("/w") == {"test", "dist", "notes.txt", "empty.sh"}
    assert tree.names("/bin") == {"tool"}
    assert tree.is_file("/bin/tool")
    assert tree.names("/w/test") == tree.names("/nowhere") == frozenset()


def test_changes_give_another_tree(tree: Tree) -> None:
    """The first stays as it was."""
    more = tree.with_dir("/x/y").with_file("/w/new/file", "text").with_file("/w/notes.txt", "other")
    assert more.is_dir("/x")
    assert more.is_dir("/x/y")
    assert more.names("/x") == {"y"}
    assert more.read("/w/new/file") == "text"
    assert "new" in more.names("/w")
    assert more.read("/w/notes.txt") == "other"
    assert not tree.is_dir("/x")
    assert tree.read("/w/new/file") is None
    assert tree.read("/w/notes.txt") != "other"
