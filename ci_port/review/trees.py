"""Where script and port stand in the trees of two revisions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_port.model.links import real
from ci_port.review import revisions
from ci_port.review.revisions import Tree


@dataclass(frozen=True, slots=True)
class Paths:
    """Where script, port and the files that say what is compared stand below the repository's root; None: elsewhere."""

    script: str
    port: str | None
    package: str | None
    given: Mapping[str, str]

    @staticmethod
    def of(root: Path, script: Path, port: str, file: Path | None, given: Mapping[str, Path]) -> Paths:
        """Return where they stand; `file` is that of the port `module:function`, None if it cannot be found."""
        root = real(root)
        below_root = script.relative_to(root).as_posix()
        ours = {what: real(path) for what, path in given.items()}
        others = {what: path.relative_to(root).as_posix() for what, path in ours.items() if path.is_relative_to(root)}
        if file is None or not file.is_relative_to(root):
            return Paths(below_root, None, None, others)
        below = file.relative_to(root)
        modules = port.partition(":")[0].split(".")
        # The whole top package comes along: a port is planned by the code that it came with.
        depth = len(modules)
        parts = below.parts[: -depth if below.name != "__init__.py" else -depth - 1]
        package = Path(*parts, modules[0])
        top = package if depth > 1 or below.name == "__init__.py" else below
        return Paths(below_root, below.as_posix(), top.as_posix(), others)

    @property
    def all(self) -> list[str]:
        """Return what is taken out of a revision."""
        folder = str(Path(self.script).parent)
        return [folder, *([self.package] if self.package else []), *self.given.values()]

    @property
    def port_root(self) -> str:
        """Return the folder to put on Python's path, relative to the tree."""
        assert self.package is not None, "a port that is elsewhere has no root here"
        return str(Path(self.package).parent)


@contextlib.contextmanager
def both(root: Path, base: str, head: str | None, paths: Sequence[str]) -> Iterator[tuple[Tree, Tree]]:
    """Give the trees of two revisions; without `head`, of one and of the working tree."""
    with contextlib.ExitStack() as stack:
        if head is None:
            after = revisions.working_tree(root)
        else:
            # What is in HEAD is named as in the working tree, and may have had another name in either revision.
            after = stack.enter_context(revisions.checked_out(root, head, paths, None))
        yield stack.enter_context(revisions.checked_out(root, base, paths, None)), after
