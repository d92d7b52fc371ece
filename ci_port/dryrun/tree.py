"""The scratch tree: the world's files and directories, laid out below a directory that stands for `/`."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ci_port.dryrun.own_files import Entry, OwnDirectory, OwnFile, OwnFiles, OwnLink
from ci_port.dryrun.stubs import Stubs
from ci_port.model import Content, File, Link, World
from ci_port.model.absent import is_absent
from ci_port.model.files import file_of
from ci_port.model.paths import above, is_glob

NOW = 1_735_689_600
"""What every clock of a run says when it begins (native/recorder.h)."""
_BEFORE = (NOW - 86_400) * 1_000_000_000
_OWN = _BEFORE + 1
"""The time of the script's own files, by which the library knows them (native/stat.c)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to stand in the tree besides the script's own files; paths are those that the script knows.

    Of the own files those are missing that the paths and globs of `absent` speak of.
    """

    directories: frozenset[str]
    files: Mapping[str, Content]
    executables: frozenset[str]
    absent: tuple[str, ...] = ()


def layout_of(world: World, directories: Iterable[str], absent: tuple[str, ...] = ()) -> Layout:
    """Return the layout of a world, with some directories that the recorder itself needs."""
    everywhere = ("/tmp", world.home) if world.version >= 2 else ()
    named = frozenset((world.workspace, *everywhere, *world.dirs, *directories))
    return Layout(named, world.files, world.executables, absent)


Thing = Entry | File | Link
"""What stands at a path: one of the script's own files, or a file or link of the world."""
_DIRECTORY = OwnDirectory()


class Tree:
    """Keeps the directory as the layout says; builds only what the last run changed."""

    def __init__(self, root: str, own: OwnFiles, stubs: Stubs, *, measures_all: bool = False) -> None:
        """Take the directory that stands for `/`, the script's own files, and what keeps their places.

        `measures_all`: nobody says what a run has touched (version 1), so that `written` looks at the whole tree.
        """
        self.root = root
        self._own = own
        self._own_paths = sorted(own.entries)
        self._stubs = stubs
        self._measures_all = measures_all
        self._layout: Layout | None = None
        self._world: dict[str, Thing] = {}
        self._world_paths: list[str] = []
        self._gone: frozenset[str] = frozenset()
        self._built = 0

    def ensure(self, layout: Layout) -> None:
        """Make the tree what the layout says, unless it is that already."""
        if layout == self._layout:
            return
        os.umask(0o022)
        before = None if self._layout is None else (self._world, self._gone)
        self._layout = None
        self._world = _of_world(layout)
        self._world_paths = sorted(self._world)
        self._gone = self._without(layout.absent)
        if before is None:
            self._build()
        else:
            self._become(*before)
        self._stubs.write(os.stat(self.root).st_dev)
        self._layout = layout

    def restore(self, touched: Iterable[str]) -> None:
        """Put back the paths that a run has made, changed or removed; without links on the way to any of them."""
        if self._layout is None:
            return
        os.umask(0o022)
        try:
            self._put_back(touched)
            self._stubs.write(os.stat(self.root).st_dev)
        except OSError:
            self._layout = None

    def undo(self, made: list[str], dirty: bool) -> None:
        """Put the tree back after a run that made these directories; `dirty`: it also wrote files."""
        if dirty:
            self._layout = None
            return
        try:
            for path in reversed(made):
                os.rmdir(self.root + path)
        except OSError:
            self._layout = None

    def forget(self) -> None:
        """Take nothing for granted: the next run gets a new tree."""
        self._layout = None

    def reads(self, path: str) -> str:
        """Return the file to read for one of the tree, both real paths: that one, or what it stands for."""
        try:
            return self._stubs.real(os.stat(path).st_ino) or path
        except FileNotFoundError:
            return path

    def written(self, touched: Iterable[str]) -> int:
        """Return how many bytes the run has written; `touched`: the paths that it has made or changed (version 2)."""
        if self._measures_all:
            return _size(self.root) - self._built
        total = 0
        for path in _topmost(touched):
            total += _size(self.root + path)
            known = (self._entry(below) for below in self._below(path))
            total -= sum(len(os.fsencode(entry.text)) for entry in known if isinstance(entry, File))
        return total

    def _build(self) -> None:
        _remove(self.root)
        os.makedirs(self.root)
        self._stubs.clear()
        self._put(sorted({*self._world, *self._own.entries}))
        if self._measures_all:
            self._built = _size(self.root)

    def _become(self, world: Mapping[str, Thing], gone: frozenset[str]) -> None:
        """Change what another layout, with this world and without these own files, has otherwise."""
        differ = {*self._world, *world, *(gone ^ self._gone)}
        self._put_back(path for path in differ if self._entry(path) != self._entry_in(path, world, gone))

    def _put_back(self, paths: Iterable[str]) -> None:
        parents = set()
        for path in _topmost(paths):
            _remove(self.root + path)
            wanted = self._below(path)
            for below in wanted:
                self._stubs.removed(below)
            self._put(wanted)
            parents.add(os.path.dirname(self.root + path))
        for parent in parents:
            if len(parent) > len(self.root) and os.path.isdir(parent):
                _date(parent, _BEFORE)

    def _put(self, paths: Iterable[str]) -> None:
        """Make what has to stand at these paths, each behind the directory that it is in."""
        directories = []
        for path in paths:
            entry = self._entry(path)
            if isinstance(entry, OwnDirectory):
                directories.append(self.root + path)
                with contextlib.suppress(FileExistsError):
                    os.mkdir(self.root + path)
                    if path == "/tmp":
                        os.chmod(self.root + path, 0o1777)
            elif isinstance(entry, OwnFile):
                self._put_own(path, entry)
            elif isinstance(entry, OwnLink):
                os.symlink(self._inside(path, entry.target), self.root + path)
                _date(self.root + path, _OWN)
            elif entry is not None:
                self._put_file(path, entry)
                _date(self.root + path, _BEFORE)
        for directory in reversed(directories):
            _date(directory, _BEFORE)

    def _put_own(self, path: str, entry: OwnFile) -> None:
        target = self.root + path
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, entry.mode)
        try:
            if self._stubs.stands_for(path):
                self._stubs.made(path, os.fstat(fd).st_ino)
            os.utime(fd, ns=(_OWN, _OWN))
        finally:
            os.close(fd)

    def _put_file(self, path: str, content: File | Link) -> None:
        target = self.root + path
        if isinstance(content, Link):
            os.symlink(self._inside(path, content.target), target)
            return
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(content.text)
            os.fchmod(fd, content.mode)

    def _entry(self, path: str) -> Thing | None:
        return self._entry_in(path, self._world, self._gone)

    def _entry_in(self, path: str, world: Mapping[str, Thing], gone: frozenset[str]) -> Thing | None:
        """Return what has to stand at a path: the world's files lie over the script's own."""
        own = None if path in gone else self._own.entries.get(path)
        return own if isinstance(own, OwnDirectory) else world.get(path, own)

    def _below(self, path: str) -> list[str]:
        """Return the paths at or below a path where something has to stand, each behind its directory."""
        return sorted({*_at_or_below(path, self._world_paths), *_at_or_below(path, self._own_paths)})

    def _without(self, absent: Iterable[str]) -> frozenset[str]:
        """Return the script's own files that the paths and globs of `absent` speak of."""
        found: set[str] = set()
        for one in absent:
            if is_glob(one):
                found.update(path for path in self._own_paths if is_absent(path, (one,)))
            else:
                found.update(_at_or_below(one, self._own_paths))
        return frozenset(found)

    def left(self, directory: str) -> dict[str, tuple[str, int, str]]:
        """Return what stands below a directory by its path from there: kind, mode, and content or target."""
        found = {}
        top = self.root + directory
        for parent, directories, names in os.walk(top):
            for name in (*directories, *names):
                path = f"{parent}/{name}"
                found[os.path.relpath(path, top)] = self._seen(path)
        return found

    def now(self, touched: Iterable[str]) -> dict[str, tuple[str, int, str] | None]:
        """Return what stands at some paths and below them, without links on the way to them; None: nothing."""
        paths = set(touched)
        found = {path: self._seen(self.root + path) if os.path.lexists(self.root + path) else None for path in paths}
        for path in _topmost(paths):
            real = self.root + path
            if os.path.isdir(real) and not os.path.islink(real):
                found.update((f"{path.rstrip('/')}/{name}", seen) for name, seen in self.left(path).items())
        return found

    def _seen(self, path: str) -> tuple[str, int, str]:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            target = os.readlink(path)
            return ("link", 0o777, target.removeprefix(self.root) if target.startswith(self.root + "/") else target)
        if stat.S_ISREG(mode):
            with open(self.reads(path), "rb") as file:
                return ("file", stat.S_IMODE(mode), os.fsdecode(file.read()))
        return ("directory" if stat.S_ISDIR(mode) else "fifo", stat.S_IMODE(mode), "")

    def _inside(self, path: str, target: str) -> str:
        """Return where a link has to lead so that it stays in the tree."""
        if target.startswith("/"):
            return self.root + target
        depth = path.count("/") - 1
        for part in target.split("/"):
            depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
            if depth < 0:
                return self.root + os.path.normpath(f"{os.path.dirname(path)}/{target}")
        return target


def _of_world(layout: Layout) -> dict[str, Thing]:
    """Return what the world has, with the directories that all of it stands in."""
    found: dict[str, Thing] = {}
    for path in layout.directories:
        found.update(dict.fromkeys((path, *above(path)), _DIRECTORY))
    contents = {**layout.files, **dict.fromkeys(layout.executables, File("", 0o755))}
    for path in contents:
        found.update(dict.fromkeys(above(path), _DIRECTORY))
    for path, content in contents.items():
        found.setdefault(path, file_of(content))
    return found


def _at_or_below(path: str, paths: list[str]) -> Iterator[str]:
    """Yield those of some paths, which are sorted, that are this one or below it."""
    first = bisect.bisect_left(paths, path)
    if first < len(paths) and paths[first] == path:
        yield path
    inside = path.rstrip("/") + "/"
    first = bisect.bisect_left(paths, inside)
    yield from itertools.takewhile(lambda one: one.startswith(inside), itertools.islice(paths, first, None))


def _topmost(paths: Iterable[str]) -> Iterator[str]:
    """Yield, each once and in order, the paths that are below no other of them."""
    last = None
    for path in sorted(set(paths), key=lambda path: path.split("/")):
        if last is None or not path.startswith(last.rstrip("/") + "/"):
            last = path
            yield path


def _size(path: str) -> int:
    """Return how many bytes the files at or below a real path hold."""
    if not os.path.isdir(path) or os.path.islink(path):
        return os.lstat(path).st_size if os.path.lexists(path) else 0
    total = 0
    for directory, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{directory}/{name}").st_size
    return total


def _remove(root: str) -> None:
    """Remove a tree whatever the modes of its directories have become."""
    if not os.path.isdir(root) or os.path.islink(root):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(root)
        return
    os.chmod(root, 0o755)
    for directory, names, _ in os.walk(root):
        for name in names:
            path = f"{directory}/{name}"
            if not os.path.islink(path) and not os.lstat(path).st_mode & stat.S_IWUSR:
                os.chmod(path, 0o755)
    shutil.rmtree(root, ignore_errors=True)


def _date(path: str, when: int) -> None:
    os.utime(path, ns=(when, when), follow_symlinks=False)
