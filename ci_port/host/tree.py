"""`Tree`: the files of a world as one run sees them, in memory.

It is kept as a file system keeps it: directories hold names, a name leads to a number, a number to a node (inode(7)).
Paths are walked as path_resolution(7) says, with links and `..`. What the kernel would refuse raises the same OSError.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from ci_port.model import World
from ci_port.model.files import Content, Link, file_of

READ, WRITE, EXECUTE = 4, 2, 1
"""What one may do to a node, as the bits of its mode."""


@dataclass(frozen=True, slots=True)
class Unread:
    """The text of a file that stands on the real machine, at the path `real`; it is read when it is asked for."""

    real: str


@dataclass(frozen=True, slots=True)
class Regular:
    """A file; `stamp` is 0 for what stood there when the run began, and grows with every change after it."""

    text: str | Unread = ""
    mode: int = 0o644
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory: the number behind each name."""

    names: Mapping[str, int] = field(default_factory=dict)
    mode: int = 0o755
    stamp: int = 0


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link."""

    target: str
    stamp: int = 0


Node = Regular | Directory | Symlink
Own = Mapping[str, Node]
"""What stands beside the script, by absolute path, directories without their names."""
NOTHING: Own = MappingProxyType({})


class Found(NamedTuple):
    """Where a path leads: a name in a directory, and what is there.

    `path` has no links and no `.` and `..`; `number` is None if nothing is there; `slash`: what is named must be a
    directory.
    """

    parent: int
    name: str
    number: int | None
    path: str
    slash: bool


_ROOT = 0
_EVERYBODY = 0o1777
_MOST_LINKS = 40


class Tree:
    """Nodes by number. A copy shares what has not changed since; `superuser`: no mode keeps the run out.

    `touched` are the paths, without links, of which a run has made sure what is there.
    """

    __slots__ = ("_base", "_changed", "_count", "_paths", "_stamp", "superuser", "touched")

    def __init__(self, base: Mapping[int, Node], superuser: bool = False) -> None:
        """Take the nodes, among them the root's."""
        self._base = base
        self._changed: dict[int, Node] = {}
        self._count = len(base)
        self._stamp = 0
        self._paths: dict[tuple[str, bool], Found] = {}
        self.superuser = superuser
        self.touched: list[str] = []

    @classmethod
    def of(cls, world: World, own: Own = NOTHING) -> Tree:
        """Return the tree of a world; `own` stands in it where the world says nothing else."""
        tree = cls({_ROOT: Directory()}, superuser=True)
        for path, node in sorted(own.items()):
            tree._plant(path, node)
        everywhere = ("/tmp", world.home) if world.version >= 2 else ()
        for path in (world.workspace, *everywhere, *world.dirs):
            tree._plant(path, Directory(mode=_EVERYBODY) if path == "/tmp" else Directory())
        for path in world.executables:
            tree._plant(path, Regular("", 0o755))
        for path, content in world.files.items():
            tree._plant(path, node_of(content))
        return cls({**tree._base, **tree._changed}, superuser=world.user.uid == 0)

    def copy(self) -> Tree:
        """Return a tree with the same files, to be changed on its own."""
        made = Tree(self._base, self.superuser)
        made.become(self)
        return made

    def become(self, other: Tree) -> None:
        """Hold the files of a tree that is a copy of this one, or that this one is a copy of."""
        self._changed, self._count, self._stamp = dict(other._changed), other._count, other._stamp
        # Where a path leads is found once for all trees that are the same; whoever changes its own leaves the others'.
        self._paths = other._paths
        self.touched = list(other.touched)

    # What stands there.

    def find(self, path: str, follow: bool = True) -> Found:
        """Return where an absolute path leads; raises OSError as the kernel does.

        A link that stands last is followed if `follow` says so, or a slash stands behind it.
        """
        known = self._paths.get((path, follow))
        if known is None:
            known = self._paths[path, follow] = self._walk(path, follow, slash_follows=True)
            if known.slash and known.number is not None and not isinstance(self._node(known.number), Directory):
                _raise(errno.ENOTDIR, path)
        return known

    def _entry(self, path: str) -> Found:
        """Return what a path itself names, for who makes, moves or removes it: a slash does not follow a link there.

        Raises OSError; FileExistsError where the path ends in `.` or `..`, which name nothing of their own.
        """
        found = self._walk(path, follow=False, slash_follows=False)
        if path.rstrip("/").rpartition("/")[2] in ("", ".", ".."):
            self.find(path)
            _raise(errno.EEXIST, path)
        return found

    def _walk(self, path: str, follow: bool, slash_follows: bool) -> Found:
        if not path:
            _raise(errno.ENOENT, path)
        slash = path.endswith(("/", "/.", "/.."))
        trail = [(_ROOT, "")]
        todo = _parts(path)
        links = 0
        while todo:
            part = todo.pop()
            number = self._entered(trail[-1][0], path).names.get(part)
            if part == "..":
                del trail[max(1, len(trail) - 1) :]
                continue
            if number is None:
                if todo:
                    _raise(errno.ENOENT, path)
                return _found(trail, part, None, slash)
            node = self._node(number)
            if isinstance(node, Symlink) and (todo or follow or (slash and slash_follows)):
                links += 1
                if links > _MOST_LINKS:
                    _raise(errno.ELOOP, path)
                slash = slash or (not todo and node.target.endswith("/"))
                del trail[1 if node.target.startswith("/") else len(trail) :]
                todo += _parts(node.target)
                continue
            trail.append((number, part))
        number, name = trail.pop()
        return _found(trail or [(_ROOT, "")], name, number, slash)

    def node(self, path: str, follow: bool = True) -> Node | None:
        """Return what stands at an absolute path; None if nothing can be found there."""
        try:
            number = self.find(path, follow).number
        except OSError:
            return None
        return None if number is None else self._node(number)

    def physical(self, path: str) -> str:
        """Return the path without links, as far as it leads somewhere; raises OSError where it leads nowhere."""
        return self.find(path).path

    def is_file(self, path: str) -> bool:
        """Return whether there is such a file."""
        return isinstance(self.node(path), Regular)

    def is_dir(self, path: str) -> bool:
        """Return whether there is such a directory."""
        return isinstance(self.node(path), Directory)

    def allows(self, node: Node, what: int) -> bool:
        """Return whether the run may read, write or execute (one of the three bits) a node: its owner runs it."""
        if isinstance(node, Symlink):
            return True
        if self.superuser:
            return what != EXECUTE or isinstance(node, Directory) or bool(node.mode & 0o111)
        return bool(node.mode >> 6 & what)

    def text(self, path: str) -> str:
        """Return the text of a file; raises OSError if it cannot be read."""
        node = self._there(path, self.find(path).number)
        if isinstance(node, Directory):
            _raise(errno.EISDIR, path)
        if not isinstance(node, Regular) or not self.allows(node, READ):
            _raise(errno.EACCES, path)
        return text_of(node)

    def read(self, path: str) -> str | None:
        """Return the text of a file; None if it cannot be read."""
        try:
            return self.text(path)
        except OSError:
            return None

    def names(self, path: str) -> frozenset[str]:
        """Return the names in a directory; none if it cannot be read."""
        node = self.node(path)
        return frozenset(node.names if isinstance(node, Directory) and self.allows(node, READ) else ())

    def resolve(self, path: str) -> str | None:
        """Return what `realpath` prints: the path without links; None unless all but its last part are directories."""
        try:
            found = self.find(path.rstrip("/") or "/")
        except OSError:
            return None
        return found.path

    def differences(self, other: Tree) -> Iterator[tuple[str, Node | None]]:
        """Yield what stands here and not in another tree, by path, above before below; None: nothing stands here.

        What was changed since the run began differs, whatever stands there. Where something else stands in the place of
        a directory, that one goes first, with all that stood in it.
        """
        yield from self._differences(_ROOT, other, _ROOT, "")

    def _differences(self, number: int, other: Tree, old: int, path: str) -> Iterator[tuple[str, Node | None]]:
        names, old_names = _names(self._node(number)), _names(other._node(old))
        for name in sorted(old_names.keys() - names.keys()):
            yield f"{path}/{name}", None
        for name, inner in sorted(names.items()):
            whole, node = f"{path}/{name}", self._node(inner)
            before = other._node(old_names[name]) if name in old_names else None
            if type(node) is not type(before):
                if before is not None:
                    yield whole, None
                yield whole, node
                yield from self._differences(inner, _EMPTY, _ROOT, whole)
                continue
            if _alone(node) != _alone(before):
                yield whole, node
            yield from self._differences(inner, other, old_names[name], whole)

    # What changes.

    def write(self, path: str, text: str, mode: int, append: bool = False) -> str:
        """Open a file as a redirection does and put a text into it; return its path without links.

        `mode` is that of a new file. Raises OSError.
        """
        if path.endswith("/"):
            self._entry(path)
            _raise(errno.EISDIR, path)
        found = self._walk(path, follow=True, slash_follows=True)
        if found.slash:
            _raise(errno.ENOTDIR if path.endswith("/.") and not self.is_dir(path) else errno.EISDIR, path)
        if found.number is None:
            self._add(found, Regular(text, mode))
            return found.path
        node = self._node(found.number)
        if isinstance(node, Directory):
            _raise(errno.EISDIR, path)
        if not isinstance(node, Regular) or not self.allows(node, WRITE):
            _raise(errno.EACCES, path)
        self._set(found.number, replace(node, text=text_of(node) + text if append else text), found.path)
        return found.path

    def make_directory(self, path: str, mode: int) -> str:
        """Make a directory; return its path without links. Raises OSError, also if something stands there."""
        found = self._vacant(path)
        self._add(found, Directory(mode=mode))
        return found.path

    def make_link(self, target: str, path: str) -> None:
        """Make a symbolic link (symlink(2)); raises OSError."""
        found = self._vacant(path)
        if found.slash:
            _raise(errno.ENOENT, path)
        self._add(found, Symlink(target))

    def link(self, old: str, path: str) -> None:
        """Give a file another name (link(2)); raises OSError."""
        source = self.find(old, follow=False)
        node = self._there(old, source.number)
        found = self._vacant(path)
        if isinstance(node, Directory):
            _raise(errno.EPERM, old)
        if found.slash:
            _raise(errno.ENOENT, path)
        self._enter(found, source.number)

    def remove(self, path: str) -> str:
        """Take away a file or link, or an empty directory; return its path. Raises OSError."""
        found = self._entry(path)
        node = self._there(path, found.number)
        if found.slash and not isinstance(node, Directory):
            _raise(errno.ENOTDIR, path)
        if isinstance(node, Directory) and node.names:
            _raise(errno.ENOTEMPTY, path)
        self._enter(found, None)
        return found.path

    def move(self, old: str, path: str) -> None:
        """Give what stands at `old` the name `path`, in place of what stands there (rename(2)); raises OSError."""
        try:
            source, target = self._entry(old), self._entry(path)
        except FileExistsError:
            _raise(errno.EBUSY, path)
        node = self._there(old, source.number)
        if (source.slash or target.slash) and not isinstance(node, Directory):
            _raise(errno.ENOTDIR, path)
        if f"{target.path}/".startswith(f"{source.path}/") and source.path != target.path:
            _raise(errno.EINVAL, path)
        if source.path.startswith(f"{target.path}/"):
            _raise(errno.ENOTEMPTY, path)
        if target.number is not None and target.number != source.number:
            self._check_replaced(node, self._node(target.number), path)
        if source.number != target.number:
            self._enter(source, None)
            self._enter(target, source.number)

    def set_mode(self, path: str, mode: int) -> None:
        """Change the mode of what a path leads to; raises OSError."""
        found = self.find(path)
        node = self._there(path, found.number)
        if found.number is not None and not isinstance(node, Symlink):
            self._put(found.number, replace(node, mode=mode))
            self.touched.append(found.path)

    def touch(self, path: str) -> None:
        """Let what a path leads to be newer than all else; raises OSError."""
        found = self.find(path)
        node = self._there(path, found.number)
        if found.number is not None:
            self._set(found.number, node, found.path)

    def put(self, path: str, node: Node | None) -> None:
        """Let this stand at a path, which has no links, whatever stood there; None: nothing. No mode forbids it."""
        self.touched.append(path)
        if node is not None:
            self._plant(path, node)
            return
        found = self.find(path, follow=False)
        parent = self._node(found.parent)
        if found.number is not None and isinstance(parent, Directory):
            names = {name: number for name, number in parent.names.items() if name != found.name}
            self._put(found.parent, replace(parent, names=names))

    # How it is kept.

    def _node(self, number: int) -> Node:
        found = self._changed.get(number)
        return self._base[number] if found is None else found

    def _there(self, path: str, number: int | None) -> Node:
        if number is None:
            _raise(errno.ENOENT, path)
        return self._node(number)

    def _vacant(self, path: str) -> Found:
        """Return where something new may stand; raises FileExistsError if something stands there."""
        found = self._entry(path)
        if found.number is not None:
            _raise(errno.EEXIST, path)
        return found

    def _entered(self, number: int, path: str) -> Directory:
        """Return a directory through which a path leads."""
        node = self._node(number)
        if not isinstance(node, Directory):
            _raise(errno.ENOTDIR, path)
        if not self.allows(node, EXECUTE):
            _raise(errno.EACCES, path)
        return node

    def _add(self, found: Found, node: Node) -> None:
        number = self._count
        self._enter(found, number)
        self._count += 1
        self._set(number, node, found.path)

    def _enter(self, found: Found, number: int | None) -> None:
        """Let a name in a directory lead to a number; None: to nothing."""
        parent = self._entered(found.parent, found.path)
        if not self.allows(parent, WRITE):
            _raise(errno.EACCES, found.path)
        names = {name: inner for name, inner in parent.names.items() if name != found.name}
        if number is not None:
            names[found.name] = number
        self._set(found.parent, replace(parent, names=names), found.path)

    def _set(self, number: int, node: Node, path: str) -> None:
        """Change a node; `path` is what has changed by it."""
        self._stamp += 1
        self._put(number, replace(node, stamp=self._stamp))
        self.touched.append(path)

    def _put(self, number: int, node: Node) -> None:
        self._changed[number] = node
        self._paths = {}

    def _check_replaced(self, node: Node, other: Node, path: str) -> None:
        if isinstance(node, Directory) and not isinstance(other, Directory):
            _raise(errno.ENOTDIR, path)
        if isinstance(other, Directory):
            if not isinstance(node, Directory):
                _raise(errno.EISDIR, path)
            if other.names:
                _raise(errno.ENOTEMPTY, path)

    def _plant(self, path: str, node: Node) -> None:
        parent = _ROOT
        for part in (*reversed(_parts(path)),)[:-1]:
            parent = self._child(parent, part, Directory())
        name = path.rpartition("/")[2]
        if not name:
            return
        number = self._child(parent, name, node)
        old = self._node(number)
        if isinstance(node, Directory) and isinstance(old, Directory):
            node = replace(node, names=old.names)
        self._put(number, node)

    def _child(self, parent: int, name: str, node: Node) -> int:
        """Return the number behind a name; without one, that of the node, which is put there."""
        names = _names(self._node(parent))
        if name not in names:
            number, self._count = self._count, self._count + 1
            self._put(number, node)
            self._put(parent, Directory({**names, name: number}))
            return number
        return names[name]


_EMPTY = Tree({_ROOT: Directory()})


def text_of(node: Regular) -> str:
    """Return the text of a file; raises OSError if it stands on the real machine and cannot be read there."""
    if isinstance(node.text, str):
        return node.text
    with open(node.text.real, "rb") as file:
        return os.fsdecode(file.read())


def _names(node: Node | None) -> Mapping[str, int]:
    return node.names if isinstance(node, Directory) else {}


def _alone(node: Node | None) -> Node | None:
    return replace(node, names={}, stamp=0) if isinstance(node, Directory) else node


def _found(trail: list[tuple[int, str]], name: str, number: int | None, slash: bool) -> Found:
    above = "".join(f"/{one}" for _, one in trail[1:])
    return Found(trail[-1][0], name, number, f"{above}/{name}", slash)


def _parts(path: str) -> list[str]:
    """Return the parts of a path that lead somewhere, the last one first."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def node_of(content: Content) -> Node:
    """Return what a world or rule says of a path as a node."""
    found = file_of(content)
    return Symlink(found.target) if isinstance(found, Link) else Regular(found.text, found.mode)


def _raise(number: int, path: str) -> NoReturn:
    raise OSError(number, os.strerror(number), path)
