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

from ci_port.model import Content, File, Link, World
from ci_port.model.files import file_of

NOW = 1_735_689_600
"""What every clock of a run says when it begins (native/recorder.h)."""
_BEFORE = (NOW - 86_400) * 1_000_000_000
_OWN = _BEFORE + 1
"""The time of the script's own files, by which the library knows them (native/stat.c)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to stand in the tree; paths are those that the script knows."""

    directories: frozenset[str]
    files: Mapping[str, Content]
    executables: frozenset[str]


def layout_of(world: World, directories: Iterable[str]) -> Layout:
    """Return the layout of a world, with some directories that the recorder itself needs."""
    everywhere = ("/tmp", world.home) if world.version >= 2 else ()
    return Layout(frozenset((world.workspace, *everywhere, *world.dirs, *directories)), world.files, world.executables)


class Tree:
    """Keeps the directory as the layout says; builds only what the last run changed."""

    def __init__(self, root: str, script_directory: str, stands_in: str) -> None:
        """`script_directory` is the real directory of the scripts, `stands_in` the place where they know they are."""
        self.root = root
        self._script_directory = script_directory
        self._stands_in = stands_in
        self._layout: Layout | None = None
        self._paths: list[str] = []
        self.built = 0
        """How many bytes the files of the tree held when it was built."""

    def ensure(self, layout: Layout) -> None:
        """Build the tree, unless it stands already."""
        if layout == self._layout:
            return
        self._layout = None
        _remove(self.root)
        os.makedirs(self.root)
        self._copy_scripts()
        for directory in sorted(layout.directories):
            os.makedirs(self.root + directory, exist_ok=True)
        for path in sorted(layout.files):
            self._make(path, file_of(layout.files[path]))
        for path in sorted(layout.executables):
            self._make(path, File("", 0o755))
        for path in self._everything():
            _date(path, _BEFORE)
        self.built = self.size()
        self._layout = layout
        self._paths = sorted(os.path.join(directory, name) for directory, name in self._entries())

    def restore(self, touched: Iterable[str]) -> None:
        """Put back the paths that a run has made, changed or removed; without links on the way to any of them."""
        if self._layout is None:
            return
        try:
            paths = sorted(set(touched))
            for path in paths:
                _remove(self.root + path)
                for place in self._stood(path):
                    self._put_back(place, self._layout)
            # Whatever is made or removed in a directory gives it another time.
            for path in paths:
                for place in (os.path.dirname(path), *self._stood(path)):
                    self._date_directory(place)
        except OSError:
            self._layout = None

    def _stood(self, path: str) -> Iterator[str]:
        """Yield what stood at and below a path when the tree was built, from above."""
        first = bisect.bisect_left(self._paths, path)
        for place in itertools.takewhile(lambda place: place.startswith(path), self._paths[first:]):
            if place == path or place.startswith(path + "/"):
                yield place

    def _date_directory(self, path: str) -> None:
        target = self.root + path
        if path != "/" and os.path.isdir(target) and not os.path.islink(target):
            _date(target, _BEFORE)

    def _put_back(self, path: str, layout: Layout) -> None:
        """Make what stood at a path when the tree was built; what is above it stands."""
        target = self.root + path
        if path in layout.files or path in layout.executables:
            self._make(path, file_of(layout.files.get(path, File("", 0o755))))
            _date(target, _BEFORE)
            return
        source = self._script_directory + path.removeprefix(self._stands_in)
        if path.startswith(self._stands_in.rstrip("/") + "/") and os.path.isfile(source):
            shutil.copy2(source, target)
            _make_own(target)
            return
        os.makedirs(target, exist_ok=True)

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

    def size(self) -> int:
        """Return how many bytes the files of the tree hold."""
        total = 0
        for directory, _, names in os.walk(self.root):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(f"{directory}/{name}").st_size
        return total

    def left(self, directory: str) -> dict[str, tuple[str, int, str]]:
        """Return what stands below a directory by its path from there: kind, mode, and content or target."""
        found = {}
        top = self.root + directory
        for above, directories, names in os.walk(top):
            for name in (*directories, *names):
                path = f"{above}/{name}"
                found[os.path.relpath(path, top)] = self._seen(path)
        return found

    def _seen(self, path: str) -> tuple[str, int, str]:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            target = os.readlink(path)
            return ("link", 0o777, target.removeprefix(self.root) if target.startswith(self.root + "/") else target)
        if stat.S_ISREG(mode):
            with open(path, "rb") as file:
                return ("file", stat.S_IMODE(mode), os.fsdecode(file.read()))
        return ("directory" if stat.S_ISDIR(mode) else "fifo", stat.S_IMODE(mode), "")

    def _copy_scripts(self) -> None:
        target = self.root + self._stands_in
        shutil.copytree(self._script_directory, target, ignore=_not_copied, dirs_exist_ok=True)
        for directory, _, names in os.walk(target):
            for path in (directory, *(f"{directory}/{name}" for name in names)):
                _make_own(path)

    def _everything(self) -> Iterator[str]:
        """Yield the real path of all that is in the tree but the script's own files."""
        for directory, name in self._entries():
            path = f"{self.root}{directory}/{name}"
            if os.lstat(path).st_mtime_ns != _OWN:
                yield path

    def _entries(self) -> Iterator[tuple[str, str]]:
        """Yield directory and name of all that is in the tree, from below."""
        for directory, directories, names in os.walk(self.root, topdown=False):
            for name in (*names, *directories):
                yield directory.removeprefix(self.root) or "/", name

    def _make(self, path: str, content: File | Link) -> None:
        target = self.root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(target):
            return
        # A file of the world may replace one of the scripts, which may be read-only or executable.
        if os.path.lexists(target):
            os.unlink(target)
        if isinstance(content, Link):
            os.symlink(self._below(path, content.target), target)
            return
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(content.text)
            os.fchmod(fd, content.mode)

    def _below(self, path: str, target: str) -> str:
        """Return where a link has to lead so that it stays in the tree."""
        if target.startswith("/"):
            return self.root + target
        depth = path.count("/") - 1
        for part in target.split("/"):
            depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
            if depth < 0:
                return self.root + os.path.normpath(f"{os.path.dirname(path)}/{target}")
        return target


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


def _make_own(path: str) -> None:
    """Give one of the script's own files its time, and the mode that git would have given it."""
    mode = os.lstat(path).st_mode
    if not stat.S_ISLNK(mode):
        os.chmod(path, 0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)
    if not stat.S_ISDIR(mode):
        _date(path, _OWN)


def _date(path: str, when: int) -> None:
    os.utime(path, ns=(when, when), follow_symlinks=False)


def _not_copied(directory: str, names: list[str]) -> list[str]:
    """Return what cannot be copied: links to nowhere or back to where they are, pipes, sockets, devices."""
    return [name for name in names if not _can_be_copied(directory, f"{directory}/{name}")]


def _can_be_copied(directory: str, path: str) -> bool:
    if os.path.isdir(path):
        return not f"{os.path.realpath(directory)}/".startswith(f"{os.path.realpath(path)}/")
    return os.path.isfile(path)
