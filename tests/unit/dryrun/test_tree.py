"""The scratch tree: as the layout says, after whatever happened in it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


# ---- what a run has changed is put back ---------------------------------------------------------------------------

FULL = World(
    version=2,
    workspace="/w",
    path="/opt/bin",
    scripts="ci",
    dirs=frozenset({"/w/empty", "/w/a b", "/data"}),
    files={
        "/w/f": File("text\n", 0o640),
        "/w/d/f": "inner\n",
        "/w/d/e/g": File("\udcff", 0o755),
        "/w/d.txt": "",
        "/w/d-e/f": "",
        "/w/link": Link("d/f"),
        "/w/away": Link("/data/none"),
        "/w/up": Link("../../../data"),
        "/w/ci/own.sh": "the world's\n",
    },
    executables=frozenset({"/opt/bin/tool"}),
)
PLACES = (
    *("/w", "/w/f", "/w/d", "/w/d/f", "/w/d/e", "/w/d/e/g", "/w/d.txt", "/w/d-e", "/w/link", "/w/away", "/w/up"),
    *("/w/empty", "/w/a b", "/w/a b/x", "/w/ci", "/w/ci/own.sh", "/w/ci/script.sh", "/w/ci/sub", "/w/ci/sub/more.sh"),
    *("/w/new", "/w/d/new", "/w/new/x", "/w/new/x/y", "/opt/bin/tool", "/opt/bin", "/data", "/data/new", "/new"),
)


class Changed:
    """A tree that somebody changes, and the paths that were touched, as the library writes them down."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.touched: set[str] = set()

    def _physical(self, path: str) -> str | None:
        """Return the path with no links on the way to it, None if that leads out of the tree or to nothing."""
        above = os.path.realpath(os.path.dirname(self.root + path))
        inside = f"{above}/".startswith(f"{self.root}/") and os.path.isdir(above)
        return f"{above}/{os.path.basename(path)}".removeprefix(self.root) if inside else None

    def do(self, action: str, path: str, other: str) -> None:
        """Do something to a path, as far as it can be done, and write down what has changed."""
        here, there = self._physical(path), self._physical(other)
        if here is None or (action == "move" and there is None):
            return
        try:
            getattr(self, f"_{action}")(self.root + here, here, there or "")
        except OSError:
            return

    def _write(self, real: str, path: str, other: str) -> None:
        del other
        if os.path.islink(real):
            return
        Path(real).write_bytes(b"written")
        self.touched.add(path)

    def _mkdir(self, real: str, path: str, other: str) -> None:
        del other
        os.mkdir(real)
        self.touched.add(path)

    def _remove(self, real: str, path: str, other: str) -> None:
        del other
        if os.path.isdir(real) and not os.path.islink(real):
            for above, directories, names in os.walk(real):
                self.touched.update(f"{above}/{name}".removeprefix(self.root) for name in (*directories, *names))
            shutil.rmtree(real)
        else:
            os.unlink(real)
        self.touched.add(path)

    def _move(self, real: str, path: str, other: str) -> None:
        os.rename(real, self.root + other)
        self.touched |= {path, other}

    def _link(self, real: str, path: str, other: str) -> None:
        os.symlink(self.root + (other or "/data"), real)
        self.touched.add(path)

    def _pipe(self, real: str, path: str, other: str) -> None:
        del other
        os.mkfifo(real)
        self.touched.add(path)

    def _close(self, real: str, path: str, other: str) -> None:
        del other
        if not os.path.islink(real):
            os.chmod(real, 0o000)
            self.touched.add(path)

    def _open(self, real: str, path: str, other: str) -> None:
        del other
        if not os.path.islink(real):
            os.chmod(real, 0o4777)
            self.touched.add(path)

    def _age(self, real: str, path: str, other: str) -> None:
        del other
        os.utime(real, (1, 1), follow_symlinks=False)
        self.touched.add(path)


ACTIONS = ("write", "mkdir", "remove", "move", "link", "pipe", "close", "open", "age")
CHANGES = st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(PLACES), st.sampled_from(PLACES)), max_size=12)


def state(root: str) -> dict[str, tuple[str, int, bytes | str, int]]:
    """Return what stands at each path: its kind, mode, content or target, and time."""
    found: dict[str, tuple[str, int, bytes | str, int]] = {}
    for above, directories, names in os.walk(root):
        for name in (*directories, *names):
            path = f"{above}/{name}"
            seen = os.lstat(path)
            kind = "link" if stat.S_ISLNK(seen.st_mode) else "file" if stat.S_ISREG(seen.st_mode) else "other"
            content = os.readlink(path) if kind == "link" else Path(path).read_bytes() if kind == "file" else b""
            found[path.removeprefix(root)] = (kind, seen.st_mode, content, seen.st_mtime_ns)
    return found


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tree.Tree:
    """A tree of the full world."""
    folder = tmp_path_factory.mktemp("standing")
    scripts = folder / "scripts"
    (scripts / "sub").mkdir(parents=True)
    (scripts / "script.sh").write_text("script\n")
    (scripts / "script.sh").chmod(0o700)
    (scripts / "own.sh").write_text("on disk\n")
    (scripts / "sub" / "more.sh").write_text("more\n")
    found = tree_of(folder, FULL)
    found.ensure(tree.layout_of(FULL, ()))
    return found


@given(CHANGES)
def test_whatever_a_run_changes_is_put_back(standing: tree.Tree, changes: list[tuple[str, str, str]]) -> None:
    layout = tree.layout_of(FULL, ())
    standing.ensure(layout)
    before, left = state(standing.root), standing.left("/w")
    root = os.stat(standing.root).st_ino
    changed = Changed(standing.root)
    for action, path, other in changes:
        changed.do(action, path, other)
    standing.restore(changed.touched)
    standing.ensure(layout)
    assert state(standing.root) == before
    assert standing.left("/w") == left
    # It is put back, and not built anew.
    assert os.stat(standing.root).st_ino == root


def test_what_could_not_be_put_back_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "script.sh").write_text("script\n")
    found = tree_of(tmp_path, FULL)
    layout = tree.layout_of(FULL, ())
    found.ensure(layout)
    before = state(found.root)
    Path(found.root, "w/f").write_text("changed")
    with monkeypatch.context() as patched:
        patched.setattr(tree, "_date", _full)
        found.restore({"/w/f"})
    Path(found.root, "unknown").write_text("")
    found.ensure(layout)
    assert state(found.root) == before


def _full(path: str, when: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_is_left_is_told_with_its_kind_mode_and_content(standing: tree.Tree) -> None:
    standing.ensure(tree.layout_of(FULL, ()))
    left = standing.left("/w")
    assert left["f"] == ("file", 0o640, "text\n")
    assert left["d/e/g"] == ("file", 0o755, "\udcff")
    assert left["d"] == ("directory", 0o755, "")
    assert [left[name] for name in ("link", "away", "up")] == [
        ("link", 0o777, "d/f"),
        ("link", 0o777, "/data/none"),
        ("link", 0o777, "/data"),
    ]
    assert left["ci/script.sh"] == ("file", 0o755, "script\n")
    assert left["ci/own.sh"] == ("file", 0o644, "the world's\n")
