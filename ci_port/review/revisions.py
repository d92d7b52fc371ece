"""Trees of a git repository: a revision taken out into a folder, or the working tree as it is."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_port.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one revision: where they stand, and which of today's paths had another name then."""

    root: Path
    label: str
    renamed: dict[str, str]

    def find(self, path: str) -> Path | None:
        """Return where a path of today's tree stands in this one, None if it is not there."""
        found = self.root / self.renamed.get(path, path)
        return found if found.exists() else None


def git(root: Path, *words: str) -> bytes:
    """Return what git prints; raises UsageError with what it complains about."""
    command = ["git", "-C", str(root), "-c", "core.quotePath=false", *words]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not on PATH, and revisions are compared with it") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git {words[0]}: {said[-1] if said else f'status {done.returncode}'}")
    return done.stdout


def repository(path: Path) -> Path:
    """Return the root of the repository that a file is in; raises UsageError if it is in none."""
    try:
        return Path(git(path.parent, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    except UsageError:
        raise UsageError(f"{path} is in no git repository, so there are no revisions to compare") from None


def is_revision(root: Path, text: str) -> bool:
    """Return whether git knows a commit by this name."""
    with contextlib.suppress(UsageError):
        return bool(git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}"))
    return False


@contextlib.contextmanager
def checked_out(root: Path, revision: str, paths: Sequence[str], other: str | None) -> Iterator[Tree]:
    """Give a folder with the revision's files below these paths, for as long as the context lasts.

    `paths` are those of `other` (None: the working tree); what had another name in the revision is found by it.
    """
    commit = git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    renamed = _renames(root, commit, other)
    moved = {old for new, old in renamed.items() if any(_below(new, path) for path in paths)}
    wanted = [path for path in dict.fromkeys((*paths, *moved)) if _has(root, commit, path)]
    with tempfile.TemporaryDirectory(prefix="ci-port-diff-") as scratch:
        if wanted:
            archive = git(root, "archive", "--format=tar", commit, "--", *wanted)
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                _extract(tar, scratch)
        yield Tree(Path(scratch), revision, renamed)


def working_tree(root: Path) -> Tree:
    """Return the working tree, with all that is not committed."""
    return Tree(root, "the working tree", {})


def _renames(root: Path, commit: str, other: str | None) -> dict[str, str]:
    """Return today's name to the name in `commit` for what git takes for renamed."""
    words = ["diff", "--find-renames", "--diff-filter=R", "--name-status", "-z", commit]
    fields = git(root, *words, *([other] if other else [])).decode(errors="surrogateescape").split("\0")
    return {fields[at + 2]: fields[at + 1] for at in range(0, len(fields) - 2, 3)}


def _has(root: Path, commit: str, path: str) -> bool:
    return bool(git(root, "ls-tree", "--name-only", commit, "--", path))


def _below(path: str, folder: str) -> bool:
    return folder in (".", "") or path == folder or path.startswith(f"{folder}/")


def _extract(tar: tarfile.TarFile, target: str) -> None:
    """Unpack git's own archive; Pythons that can refuse paths that lead outside are asked to."""
    if hasattr(tarfile, "data_filter"):
        tar.extractall(target, filter="tar")
    else:
        tar.extractall(target)
