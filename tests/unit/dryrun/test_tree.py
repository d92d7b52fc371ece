"""The scratch tree: as the layout says, after whatever happened in it."""

from __future__ import annotations

import os
from dataclasses import replace
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
    stubs = Stubs(str(tmp_path / "stubs"), own, lambda _: False)
    return tree.Tree(str(tmp_path / "root"), own, stubs, measures_all=world.version < 2)


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
        "w/space/ci/script.sh": b"",
        "w/space/ci/sub": None,
        "w/space/ci/sub/link.sh": b"",
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


NEW_WORLD = World(
    "/w", "/bin", version=2, scripts="ci", files={"/w/ci/over": "of the world\n", "/w/ci/sub/more": "more\n"}
)


@pytest.fixture
def new(tmp_path: Path) -> tree.Tree:
    """A tree of version 2: nothing is copied."""
    scripts = tmp_path / "scripts"
    (scripts / "sub").mkdir(parents=True)
    for name in ("script.sh", "over", "sub/inner", "sub/other"):
        (scripts / name).write_text(f"{name} on disk\n", encoding="utf-8")
    (scripts / "empty").write_bytes(b"")
    (scripts / "link").symlink_to("sub/inner")
    found = tree_of(tmp_path, NEW_WORLD)
    found.ensure(tree.layout_of(NEW_WORLD, ()))
    return found


def described(found: tree.Tree) -> dict[str, str]:
    """Return what stands in the tree: what reading it gives, its mode, and whether it has its own time."""
    seen = {}
    for where, directories, files in os.walk(found.root):
        for name in (*directories, *files):
            path = f"{where}/{name}"
            state = os.lstat(path)
            text = Path(found.reads(path)).read_text() if os.path.isfile(path) else ""
            age = {tree.NOW - 86_400: "old"}.get(int(state.st_mtime), "new")
            seen[path.removeprefix(found.root)] = f"{state.st_mode:o} {age} {text.strip()}".strip()
    return seen


def test_own_files_are_empty_and_read_where_they_are(new: tree.Tree) -> None:
    assert described(new)["/w/ci/sub/inner"] == "100644 old sub/inner on disk"
    assert described(new)["/w/ci/link"] == "120777 old sub/inner on disk"
    assert described(new)["/w/ci/over"] == "100644 old of the world"
    assert described(new)["/w/ci/empty"] == "100644 old"
    assert os.path.getsize(f"{new.root}/w/ci/sub/inner") == 0
    assert new.reads(f"{new.root}/nowhere") == f"{new.root}/nowhere"


@pytest.mark.parametrize(
    "world",
    [
        replace(NEW_WORLD, files={}),
        replace(NEW_WORLD, files={"/w/ci/script.sh": "x", "/w/new/deep/file": "", "/w/ci/sub/inner": File("", 0o755)}),
        replace(NEW_WORLD, dirs=frozenset({"/w/ci/sub/dir", "/w/a"}), executables=frozenset({"/w/ci/run"})),
        replace(NEW_WORLD, files={"/w/ci/sub": "a directory stays one", "/w/ci/link": Link("script.sh")}),
    ],
)
@pytest.mark.parametrize("absent", [(), ("/w/ci/sub",), ("/w/ci/s*",), ("/w/ci/sub/inner", "/w/ci/over")])
def test_another_layout_is_reached_from_any_other(
    world: World, absent: tuple[str, ...], new: tree.Tree, tmp_path: Path
) -> None:
    before = described(new)
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "scripts").symlink_to(tmp_path / "scripts")
    fresh = tree_of(tmp_path / "fresh", world)
    fresh.ensure(tree.layout_of(world, (), absent))
    new.ensure(tree.layout_of(world, (), absent))
    assert described(new) == described(fresh)
    new.ensure(tree.layout_of(NEW_WORLD, ()))
    assert described(new) == before


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_what_was_touched_is_put_back(new: tree.Tree, umask: int) -> None:
    before = described(new)
    for path in ("w/ci/sub", "w/ci/made"):
        os.makedirs(f"{new.root}/{path}/deep", exist_ok=True)
    os.rename(f"{new.root}/w/ci/sub", f"{new.root}/w/ci/moved")
    os.chmod(f"{new.root}/w/ci/script.sh", 0o700)
    Path(new.root, "w/ci/over").write_text("changed")
    old = os.umask(umask)
    try:
        new.restore(["/w/ci/sub", "/w/ci/moved", "/w/ci/moved/deep", "/w/ci/made", "/w/ci/script.sh", "/w/ci/over"])
    finally:
        os.umask(old)
    assert described(new) == before


def test_what_was_written_is_counted_at_the_paths_that_were_touched(new: tree.Tree) -> None:
    Path(new.root, "w/ci/over").write_text("of the world\nand 8\n")
    os.mkdir(f"{new.root}/w/dir")
    Path(new.root, "w/dir/file").write_bytes(b"x" * 100)
    os.symlink("file", f"{new.root}/w/dir/link")
    assert new.written(()) == 0
    assert new.written(("/w/ci/over",)) == 6
    assert new.written(("/w/dir/file", "/w/dir", "/w/dir/link", "/w/gone")) == 104


def test_files_that_cannot_stand_where_they_should_are_an_error_and_nothing_is_taken_for_granted(
    new: tree.Tree,
) -> None:
    before = described(new)
    with pytest.raises(OSError, match="too long"):
        new.ensure(tree.layout_of(replace(NEW_WORLD, files={"/w/" + "x" * 300: ""}), ()))
    new.ensure(tree.layout_of(NEW_WORLD, ()))
    assert described(new) == before


def test_now_tells_what_became_of_the_paths_that_were_touched(built: tree.Tree) -> None:
    """Kind, mode and text; a link that leads to a path of the world says that path; None: it is gone."""
    root = built.root
    Path(root, "w/space/file").unlink()
    Path(root, "w/space/new").write_text("new\n")
    Path(root, "w/space/new").chmod(0o640)
    Path(root, "w/space/dir").mkdir(mode=0o711)
    Path(root, "w/space/dir").chmod(0o711)
    Path(root, "w/space/link").symlink_to("new")
    touched = [f"/w/space/{name}" for name in ("file", "new", "dir", "link")]
    assert built.now(touched) == {
        "/w/space/file": None,
        "/w/space/new": ("file", 0o640, "new\n"),
        "/w/space/dir": ("directory", 0o711, ""),
        "/w/space/link": ("link", 0o777, "new"),
    }
