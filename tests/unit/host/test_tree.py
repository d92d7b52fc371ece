"""Files and directories of a world, as a file system has them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.host.tree import Directory, Node, Regular, Symlink, Tree, Unread
from ci_port.model import Content, World
from ci_port.model.files import File, Link


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


def test_a_copy_is_changed_on_its_own(tree: Tree) -> None:
    """Either way round."""
    more = tree.copy()
    more.make_directory("/x", 0o755)
    more.write("/x/file", "text", 0o644)
    more.write("/w/notes.txt", "other", 0o600)
    assert (more.read("/x/file"), more.read("/w/notes.txt")) == ("text", "other")
    assert more.names("/x") == {"file"}
    assert (tree.is_dir("/x"), tree.read("/w/notes.txt")) == (False, "# one\ntwo words\n")
    other = more.copy()
    other.remove("/x/file")
    assert more.read("/x/file") == "text"
    more.become(other)
    assert more.names("/x") == frozenset()


def test_files_of_the_script_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    """They lie below what the world says."""
    real = tmp_path / "lib.sh"
    own: dict[str, Node] = {
        "/w/lib.sh": Regular(Unread(str(real)), 0o755),
        "/w/d": Directory(),
        "/w/l": Symlink("lib.sh"),
    }
    tree = Tree.of(World("/w", "/bin", files={"/w/d/x": "x"}), own)
    real.write_bytes(b"a\xff")
    assert (tree.read("/w/l"), tree.read("/w/d/x")) == ("a\udcff", "x")
    assert tree.names("/w") == {"lib.sh", "d", "l"}


_STARTING = (("/d", None), ("/d/e", None), ("/f", "f\n"), ("/d/g", "g"), ("/l", "->d"), ("/d/up", "->../f"))
_MORE = (("/out", "->nowhere/x"), ("/new", "->d/made"), ("/loop", "->loop"), ("/slashed", "->f/"), ("/d/abs", "->/d/e"))


def _made_tree(real: str) -> Tree:
    """Return a tree like the one that is made below a real directory, which stands at the same path in it."""
    tree = Tree({0: Directory()})
    for path, what in (("", None), *_STARTING, *_MORE):
        if what is None:
            tree.put(real + path, Directory())
        elif what.startswith("->"):
            tree.put(real + path, Symlink(what[2:].replace("/d/e", f"{real}/d/e") if what == "->/d/e" else what[2:]))
        else:
            tree.put(real + path, Regular(what))
    return tree


def _make_real(real: str) -> None:
    for path, what in (*_STARTING, *_MORE):
        if what is None:
            os.mkdir(real + path)
        elif what.startswith("->"):
            os.symlink(f"{real}/d/e" if what == "->/d/e" else what[2:], real + path)
        else:
            Path(real + path).write_text(what, encoding="utf-8")


Deed = Callable[[str], object]


def _create(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


PATHS = (
    *("f", "f/", "f/.", "f/x", "d", "d/", "d/..", "d/e/../g", "missing", "missing/", "missing/x", "missing/..", "l"),
    *("l/", "l/g", "l/..", "d/up", "d/up/", "out", "out/", "new", "new/", "loop", "loop/x", "slashed", "d/abs", "./f"),
    *("d//g", "d/abs/..", "l/../f", "l/up"),
)
DEEDS: dict[str, tuple[Deed, Callable[[Tree, str], object]]] = {
    "write": (_create, lambda tree, path: tree.write(path, "", 0o644)),
    "mkdir": (os.mkdir, lambda tree, path: tree.make_directory(path, 0o755)),
    "symlink": (lambda path: os.symlink("f", path), lambda tree, path: tree.make_link("f", path)),
    "chmod": (lambda path: os.chmod(path, 0o700), lambda tree, path: tree.set_mode(path, 0o700)),
    "read": (_read, lambda tree, path: tree.text(path)),
}


def _left(real: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for above, names, files in os.walk(real):
        for name in (*names, *files):
            path = f"{above}/{name}"
            if os.path.islink(path):
                found[path] = os.readlink(path)
            else:
                found[path] = None if os.path.isdir(path) else Path(path).read_text(encoding="utf-8")
    return found


def _left_in(tree: Tree, path: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in tree.names(path):
        whole = f"{path}/{name}"
        node = tree.node(whole, follow=False)
        if isinstance(node, Symlink):
            found[whole] = node.target
        elif isinstance(node, Regular):
            found[whole] = tree.text(whole)
        else:
            found |= {whole: None, **_left_in(tree, whole)}
    return found


def _tried(deed: Callable[[], object]) -> tuple[object, object]:
    try:
        found = deed()
    except OSError as error:
        return errno.errorcode[error.errno or 0], None
    return "done", found if isinstance(found, str) else None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", DEEDS)
def test_a_tree_does_what_the_kernel_does(tmp_path: Path, name: str, path: str) -> None:
    """Links, `..`, and a slash at the end; the same error, and the same files afterwards."""
    real = os.path.realpath(tmp_path)
    _make_real(real)
    tree = _made_tree(real)
    deed, same = DEEDS[name]
    want, text = _tried(lambda: deed(f"{real}/{path}"))
    have, found = _tried(lambda: same(tree, f"{real}/{path}"))
    assert have == want
    if name == "read":
        assert found == text
    assert _left_in(tree, real) == _left(real)


@pytest.mark.parametrize("old", PATHS)
@pytest.mark.parametrize("new", ["f", "d", "d/e", "d/e/", "nowhere", "nowhere/", "l", "l/", "d/g", "d/e/x", "out"])
def test_a_tree_renames_as_the_kernel_does(tmp_path: Path, old: str, new: str) -> None:
    """Over files, into directories, below itself."""
    real = os.path.realpath(tmp_path)
    _make_real(real)
    tree = _made_tree(real)
    want, _ = _tried(lambda: os.rename(f"{real}/{old}", f"{real}/{new}"))
    have, _ = _tried(lambda: tree.move(f"{real}/{old}", f"{real}/{new}"))
    assert have == want
    assert _left_in(tree, real) == _left(real)


def test_modes_keep_out_all_but_the_superuser() -> None:
    """The owner's bits count."""
    files: dict[str, Content] = {"/w/f": File("x", 0o200), "/w/r": File("x", 0o400), "/w/l": Link("f")}
    tree, mighty = (Tree.of(World("/w", "/bin", files=files), {}) for _ in range(2))
    mighty.superuser = True
    assert (tree.read("/w/f"), mighty.read("/w/f")) == (None, "x")
    with pytest.raises(PermissionError):
        tree.write("/w/r", "y", 0o644)
    tree.make_directory("/w/d", 0o600)
    with pytest.raises(PermissionError):
        tree.find("/w/d/x")
    assert tree.names("/w/d") == frozenset()


def test_differences() -> None:
    """Above before below; what stood in another's place goes first."""
    tree = Tree.of(World("/w", "/bin", dirs=frozenset({"/w/d/e"}), files={"/w/f": "f", "/w/g": "g", "/w/h": "h"}))
    other = tree.copy()
    assert list(other.differences(tree)) == []
    other.write("/w/f", "more", 0o644)
    other.remove("/w/g")
    other.remove("/w/d/e")
    other.remove("/w/d")
    other.write("/w/d", "a file", 0o600)
    other.touch("/w/h")
    found: dict[str, list[object]] = {}
    for path, node in other.differences(tree):
        found.setdefault(path, []).append(node.text if isinstance(node, Regular) else node)
    assert found == {"/w/g": [None], "/w/d": [None, "a file"], "/w/f": ["more"], "/w/h": ["h"]}
