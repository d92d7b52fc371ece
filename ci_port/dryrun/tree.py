"""The scratch tree: the world's files and directories, laid out below a directory that stands for `/`."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ci_port.model import Content, File, Link, World
from ci_port.model.files import file_of


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to stand in the tree; paths are those that the script knows."""

    directories: frozenset[str]
    files: Mapping[str, Content]
    executables: frozenset[str]


def layout_of(world: World, directories: Iterable[str]) -> Layout:
    """Return the layout of a world, with some directories that the recorder itself needs."""
    return Layout(frozenset((world.workspace, *world.dirs, *directories)), world.files, world.executables)


class Tree:
    """Keeps the directory as the layout says; builds only what the last run changed."""

    def __init__(self, root: str, script_directory: str, stands_in: str) -> None:
        """`script_directory` is the real directory of the scripts, `stands_in` the place where they know they are."""
        self.root = root
        self._script_directory = script_directory
        self._stands_in = stands_in
        self._layout: Layout | None = None
        self.built = 0
        """How many bytes the files of the tree held when it was built."""

    def ensure(self, layout: Layout) -> None:
        """Build the tree, unless it stands already."""
        if layout == self._layout:
            return
        self._layout = None
        shutil.rmtree(self.root, ignore_errors=True)
        os.makedirs(self.root)
        shutil.copytree(self._script_directory, self.root + self._stands_in, ignore=_not_copied)
        for directory in sorted(layout.directories):
            os.makedirs(self.root + directory, exist_ok=True)
        for path in sorted(layout.files):
            self._make(path, file_of(layout.files[path]))
        for path in sorted(layout.executables):
            self._make(path, File("", 0o755))
        self.built = self.size()
        self._layout = layout

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

    def _make(self, path: str, content: File | Link) -> None:
        target = self.root + path
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(target):
            return
        # A file of the world may replace one of the scripts, which may be read-only or executable.
        if os.path.lexists(target):
            os.unlink(target)
        if isinstance(content, Link):
            os.symlink(content.target, target)
            return
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(content.text)
            os.fchmod(fd, content.mode)


def _not_copied(directory: str, names: list[str]) -> list[str]:
    """Return what cannot be copied: links to nowhere or back to where they are, pipes, sockets, devices."""
    return [name for name in names if not _can_be_copied(directory, f"{directory}/{name}")]


def _can_be_copied(directory: str, path: str) -> bool:
    if os.path.isdir(path):
        return not f"{os.path.realpath(directory)}/".startswith(f"{os.path.realpath(path)}/")
    return os.path.isfile(path)
