"""The scratch tree: as the layout says, after whatever happened in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_port.dryrun import tree
from ci_port.dryrun.own_files import own_files
from ci_port.dryrun.stubs import Stubs
from ci_port.model import File, Link, World

WORLD = World(
    workspace="/w/space",
    path="/bin",
    scripts="ci",
    dirs=frozenset({"/data"}),
    files={"/w/space/file": "text\n", "/w/space/ci/replaced.sh": "of the world\n", "/data/b\udcff": "\udcfe"},
    executables=frozenset({"/bin/tool"}),
)


@pytest.fixture
def built(tmp_path: Path) -> tree.Tree:
    """A tree that stands."""
    scripts = tmp_path / "scripts"
    (scripts / "sub").mkdir(parents=True)
    (scripts / "script.sh").write_text("script\n", encoding="utf-8")
    (scripts / "replaced.sh").write_text("on disk\n", encoding="utf-8")
    (scripts / "replaced.sh").chmod(0o444)
    (scripts / "sub" / "link.sh").symlink_to("../script.sh")
    (scripts / "dangling").symlink_to("nowhere")
    (scripts / "sub" / "loop").symlink_to("..")
    os.mkfifo(scripts / "pipe")
    found = tree_of(tmp_path, WORLD)
    found.ensure(tree.layout_of(WORLD, ()))
    return found


def tree_of(tmp_path: Path, world: World) -> tree.Tree:
    """Return the tree of the script in a folder."""
    own = own_files(tmp_path / "scripts" / "script.sh", world)
    return tree.Tree(str(tmp_path / "root"), own, Stubs(str(tmp_path / "stubs"), own, lambda _: False))


def everything(root: str) -> dict[str, bytes | None]:
    """Return all paths below the root with their contents."""
    found: dict[str, bytes | None] = {}
    for where, directories, files in os.walk(root):
        found.update({os.path.relpath(os.path.join(where, name), root): None for name in directories})
        found.update(
            {os.path.relpath(os.path.join(where, name), root): Path(where, name).read_bytes() for name in files}
        )
    return found


def test_layout(built: tree.Tree) -> None:
    assert everything(built.root) == {
        "bin": None,
        "bin/tool": b"",
        "data": None,
        "data/b\udcff": b"\xfe",
        "w": None,
        "w/space": None,
        "w/space/ci": None,
        "w/space/ci/replaced.sh": b"of the world\n",
        "w/space/ci/script.sh": b"script\n",
        "w/space/ci/sub": None,
        "w/space/ci/sub/link.sh": b"script\n",
        "w/space/file": b"text\n",
    }
    assert os.access(f"{built.root}/bin/tool", os.X_OK)
    assert not os.path.islink(f"{built.root}/w/space/ci/sub/link.sh")


def test_the_same_layout_is_not_built_again(built: tree.Tree) -> None:
    inode = os.stat(built.root).st_ino
    built.ensure(tree.layout_of(WORLD, ()))
    assert os.stat(built.root).st_ino == inode


@pytest.mark.parametrize("dirty", [True, False])
def test_what_a_run_changed_is_put_back(built: tree.Tree, dirty: bool) -> None:
    before = everything(built.root)
    os.makedirs(f"{built.root}/new/deep")
    if dirty:
        Path(built.root, "w/space/file").write_text("changed", encoding="utf-8")
        Path(built.root, "new/file").write_text("new", encoding="utf-8")
    built.undo(["/new", "/new/deep"], dirty)
    built.ensure(tree.layout_of(WORLD, ()))
    assert everything(built.root) == before


def test_what_cannot_be_undone_is_built_anew(built: tree.Tree) -> None:
    before = everything(built.root)
    os.makedirs(f"{built.root}/new")
    Path(built.root, "new/unknown").write_text("", encoding="utf-8")
    built.undo(["/new"], dirty=False)
    built.ensure(tree.layout_of(WORLD, ()))
    assert everything(built.root) == before


def test_a_forgotten_tree_is_built_anew(built: tree.Tree) -> None:
    Path(built.root, "unknown").write_text("", encoding="utf-8")
    built.forget()
    built.ensure(tree.layout_of(WORLD, ()))
    assert not os.path.exists(f"{built.root}/unknown")


def test_size(built: tree.Tree) -> None:
    assert built.written(()) == 0
    Path(built.root, "data/more").write_bytes(b"x" * 1000)
    assert built.written(()) == 1000


def test_files_have_their_modes_and_links_lead_where_they_say(tmp_path: Path) -> None:
    world = World(
        "/w", "/bin", files={"/w/run.sh": File("x", 0o751), "/w/shared": File("", 0o666), "/w/link": Link("run.sh")}
    )
    (tmp_path / "scripts").mkdir()
    found = tree_of(tmp_path, world)
    for _ in range(2):
        found.ensure(tree.layout_of(world, ()))
        found.forget()
    root = Path(found.root)
    assert [(root / "w" / name).stat().st_mode & 0o777 for name in ("run.sh", "shared")] == [0o751, 0o666]
    assert (root / "w" / "link").readlink() == Path("run.sh")
