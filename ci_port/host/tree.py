"""`Tree`: the files and directories of a world, as one run sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_port.model import World
from ci_port.model.files import texts


class Tree:
    """Files with their text, and directories; frozen: a change gives another tree. Paths are absolute and plain."""

    __slots__ = ("_files", "_names")

    def __init__(self, files: Mapping[str, str], names: Mapping[str, frozenset[str]]) -> None:
        """Take the text of each file and the names in each directory."""
        self._files = files
        self._names = names

    @classmethod
    def of(cls, world: World) -> Tree:
        """Return the tree of a world; everything above a file or directory is a directory."""
        files = {**dict.fromkeys(world.executables, ""), **texts(world.files)}
        return cls(files, _grown({"/": frozenset()}, world.dirs, files))

    def with_file(self, path: str, text: str) -> Tree:
        """Return this tree with a file in it, and the directories above it."""
        return Tree({**self._files, path: text}, _grown(self._names, (), (path,)))

    def with_dir(self, path: str) -> Tree:
        """Return this tree with a directory in it, and those above it."""
        return Tree(self._files, _grown(self._names, (path,), ()))

    def is_file(self, path: str) -> bool:
        """Return whether there is such a file."""
        return path in self._files

    def is_dir(self, path: str) -> bool:
        """Return whether there is such a directory: listed, or above something that is."""
        return path in self._names

    def read(self, path: str) -> str | None:
        """Return the text of a file; None if there is none."""
        return self._files.get(path)

    def names(self, path: str) -> frozenset[str]:
        """Return the names in a directory; none if there is no such directory."""
        return self._names.get(path, frozenset())

    def resolve(self, path: str) -> str | None:
        """Return the path without `.`, `..` and doubled slashes; None unless all but its last part are directories."""
        here = "/"
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for number, part in enumerate(parts):
            if not self.is_dir(here):
                return None
            here = here.rpartition("/")[0] or "/" if part == ".." else f"{here.rstrip('/')}/{part}"
            if number < len(parts) - 1 and not self.is_dir(here):
                return None
        return here


def _grown(names: Mapping[str, frozenset[str]], dirs: Iterable[str], files: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the names in each directory with more paths entered: each into the one above it, up to the root."""
    grown = dict(names)
    for path in (*dirs, *files):
        here = path
        while here != "/":
            parent, _, name = here.rpartition("/")
            parent = parent or "/"
            known = grown.get(parent)
            grown[parent] = frozenset((name,)) if known is None else known | {name}
            if known is not None:
                break
            here = parent
    for path in dirs:
        grown.setdefault(path, frozenset())
    return grown
