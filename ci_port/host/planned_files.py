"""The files of a planned run: what is asked of them, what is written, and what of that nothing settles."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable

from ci_port.host.tree import EXECUTE, Directory, Node, Symlink, Tree
from ci_port.model import Asked, Place, RunFailed, Unanswered, World

_DEVICES = frozenset(("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/random", "/dev/urandom"))
_OPEN = re.compile(r"/dev/(?:stdin|stdout|stderr|fd/\d+)")


def is_device(path: str) -> bool:
    """Return whether a path is a device of every machine, or an open file."""
    path = squeezed(path)
    return path in _DEVICES or _OPEN.fullmatch(path) is not None


def squeezed(path: str) -> str:
    """Return a path with each slash written once."""
    return re.sub("/+", "/", path) if "//" in path else path


class PlannedFiles:
    """One run's tree and its questions. In a world of version 1 nothing is asked, and what is entered is there.

    What the world does not settle is asked: a path that is not there, unless the world says so (`absent`), the run has
    made sure of it, or all is known that was there (`checkout`); as long as no command has run since whose effects
    nobody knows. And what a command without a rule has printed into a file that is read.
    """

    def __init__(self, world: World, tree: Tree) -> None:
        self.unanswered: list[Unanswered] = []
        self.place: Callable[[], Place] = lambda: Place("", 0)
        self._world = world
        self._effects = world.version >= 2
        self._tree = tree
        self._umask = world.umask
        self._guesses = 0
        self._settled: dict[str, int] = {}
        self._printed: dict[str, list[tuple[str, ...]]] = {}

    def enter(self, directory: str) -> bool:
        """Return whether one can change into the directory. In version 1, one that does not exist is made."""
        node = self._look(directory)
        if node is None and not self._effects:
            self._make_directories(directory)
            return True
        return isinstance(node, Directory) and self._tree.allows(node, EXECUTE)

    def exists(self, path: str) -> bool:
        """Look into the tree."""
        return is_device(path) or self._look(path) is not None

    def is_file(self, path: str) -> bool:
        """Look into the tree."""
        self._look(path)
        return self._tree.is_file(path)

    def is_dir(self, path: str) -> bool:
        """Look into the tree."""
        return isinstance(self._look(path), Directory)

    def is_link(self, path: str) -> bool:
        """Look into the tree."""
        return isinstance(self._look(path, follow=False), Symlink)

    def is_executable(self, path: str) -> bool:
        """Look into the tree. In version 1 the world's executables are all that there are."""
        node = self._look(path)
        return self._tree.is_file(path) and node is not None and self._tree.allows(node, EXECUTE)

    def read(self, path: str) -> str | None:
        """Look into the tree; what a command without a rule has printed there is asked."""
        self._look(path)
        text = self._tree.read(path)
        if text is not None:
            self._read_printed(self._tree.physical(path))
        return text

    def names(self, directory: str) -> Iterable[str]:
        """Look into the tree."""
        return self._tree.names(directory)

    def resolve(self, path: str) -> str | None:
        """Look into the tree."""
        return self._tree.resolve(path)

    def home(self) -> str:
        """The home of the world's user."""
        return self._world.home

    # For whoever runs commands.

    def _look(self, path: str, follow: bool = True) -> Node | None:
        """Return what stands at a path; nothing is asked for if the run or the world settles it."""
        node = self._tree.node(path, follow)
        if node is None:
            self._ask_path(path, follow)
        return node

    def _ask_path(self, path: str, follow: bool = True) -> None:
        if not self._effects or is_device(path):
            return
        try:
            whole = self._tree.find(path, follow).path
        except NotADirectoryError:
            return  # what is on the way there is known
        except OSError:
            whole = os.path.normpath(path)
        if not self._is_settled(whole):
            self._ask(Asked.PATH, (whole,))

    def _ask(self, what: Asked, subject: tuple[str, ...]) -> None:
        self.unanswered.append(Unanswered(what, subject, self.place()))

    def _is_settled(self, path: str) -> bool:
        world = self._world
        if world.is_known_absent(path):
            return True
        inside = f"{world.workspace.rstrip('/')}/"
        if world.checkout and path.startswith(inside) and not f"{path}/".startswith(f"{inside}.git/"):
            return True
        self._note_touched()
        while path != "/":
            if self._settled.get(path) == self._guesses:
                return True
            path = path.rpartition("/")[0] or "/"
        return False

    def _note_touched(self) -> None:
        """The run has made sure of what is at these paths."""
        for path in self._tree.touched:
            self._settled[path] = self._guesses
        self._tree.touched.clear()

    def _guess(self) -> None:
        """A command has run of which nobody knows what it did to files."""
        self._note_touched()
        self._guesses += 1

    def _make_directories(self, path: str) -> None:
        """Make a directory and those above it, where nothing stands."""
        above = os.path.dirname(path)
        if self._tree.node(path, follow=False) is None:
            if above != path:
                self._make_directories(above)
            self._tree.make_directory(path, 0o777 & ~self._umask)

    def _put(self, path: str, text: str, append: bool) -> str:
        """Write a file as a redirection does; return its path without links. Raises OSError."""
        if not self._effects:
            self._make_directories(os.path.dirname(path))
        try:
            written = self._tree.write(path, text, 0o666 & ~self._umask, append)
        except FileNotFoundError:
            self._ask_path(path)
            raise
        if not append:
            self._printed.pop(written, None)
        return written

    def _prints(self, path: str, argv: tuple[str, ...]) -> None:
        """A command without a rule has printed into this file."""
        self._printed.setdefault(path, []).append(argv)

    def _read_printed(self, path: str) -> None:
        for argv in self._printed.get(path, ()):
            self._ask(Asked.OUTPUT, argv)

    def _change(self, changes: Iterable[tuple[str, Node | None]]) -> None:
        """Let this stand at paths, which have no links; None: nothing."""
        for path, node in changes:
            self._tree.put(path, node)

    def _remove(self, path: str) -> None:
        """What a rule removes: whatever stands there, with all below it."""
        try:
            self._tree.put(self._tree.find(path, follow=False).path, None)
        except OSError:
            return

    def _make(self, path: str, node: Node) -> None:
        """What a rule makes: it stands there afterwards, and the directories above it; a directory that is there stays.

        Raises RunFailed where no command could make it.
        """
        try:
            self._make_directories(os.path.dirname(os.path.join("/", path)))
            found = self._tree.find(path, follow=False)
            there = self._tree.node(path, follow=False)
            if isinstance(node, Directory):
                if not isinstance(self._tree.node(path), Directory):
                    self._tree.make_directory(path, 0o777 & ~self._umask)
                return
            if isinstance(there, Directory):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._tree.put(found.path, node)
        except OSError as error:
            problem = f"{path}, which a rule makes, cannot be made: {error.strerror}"
            raise RunFailed(problem, self.place()) from None
