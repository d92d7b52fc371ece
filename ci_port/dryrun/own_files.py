"""The script's own files: those that stand beside it, or that git tracks in its work tree, and where they are."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ci_port.dryrun.tracked import Tracked, ignored, tracked
from ci_port.model import World
from ci_port.model.errors import UsageError
from ci_port.model.paths import above

_MOST_NAMED = 3
"""So many paths are named in a remark."""


class OwnFile(NamedTuple):
    """A file: where it really is, the mode that git would give it, and what it was when the recorder began."""

    real: str
    mode: int
    size: int
    changed: int
    device: int
    inode: int


class OwnLink(NamedTuple):
    """A symbolic link, which leads where it says."""

    target: str


class OwnDirectory(NamedTuple):
    """A directory."""


Entry = OwnFile | OwnLink | OwnDirectory


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """All of them, by the paths that the script knows.

    `real` is the real directory that stands at `shown`, and `directory` where the script's own directory stands. The
    files are read where they are (`stubs`).
    """

    real: str
    shown: str
    directory: str
    entries: Mapping[str, Entry]
    remarks: tuple[str, ...] = ()

    def really(self) -> Iterator[str]:
        """Yield where the files really are."""
        return (entry.real for entry in self.entries.values() if isinstance(entry, OwnFile))

    def named(self, path: str, directory: str) -> str:
        """Return a path of the world as the user knows it, empty if none of the own files can stand there.

        `directory` is the script's directory as the user wrote it.
        """
        if not f"{path}/".startswith(f"{self.shown.rstrip('/')}/"):
            return ""
        inside = os.path.relpath(path, self.directory)
        whole = os.path.join(directory, inside)
        return os.path.normpath(whole) if inside.startswith("..") else whole

    def real_of(self, name: str, directory: str) -> str | None:
        """Return where the file that `named` gave this name really is, None if it is none of the own files."""
        path = os.path.normpath(os.path.join(self.directory, os.path.relpath(name, directory)))
        entry = self.entries.get(path)
        if isinstance(entry, OwnLink):
            return f"{self.real}/{os.path.relpath(path, self.shown)}"
        return entry.real if isinstance(entry, OwnFile) else None


def own_files(script: Path, world: World) -> OwnFiles:
    """Return the own files of a script in a world.

    Raises CannotRunHere and UsageError where the world says `checkout` and it cannot be had (`tracked`), UsageError
    where its `scripts` contradicts the script's place in its work tree.
    """
    if world.checkout:
        return _checked_out(script, world, tracked(str(script.parent)))
    stands_in = os.path.normpath(os.path.join(world.workspace, world.scripts))
    real = os.path.realpath(script.parent)
    is_old = world.version < 2
    left_out = frozenset[str]() if is_old else ignored(real) - {script.name}
    entries: dict[str, Entry] = dict.fromkeys((stands_in, *above(stands_in)), OwnDirectory())
    outside: list[str] = []
    entries.update(_below(real, stands_in, left_out, is_old, outside))
    remarks = tuple(_remark("links that lead out of the script's directory, and are not followed", outside))
    return OwnFiles(real, stands_in, stands_in, entries, remarks=remarks)


def _below(
    real: str, stands_in: str, left_out: frozenset[str], is_old: bool, outside: list[str]
) -> Iterator[tuple[str, Entry]]:
    """Yield what stands below a directory; what can be no file of a tree (pipes, sockets, devices) is left out.

    A link stays one; in version 1 it is what it leads to. None is followed out of the directory: `outside` gets those.
    """
    pending: list[tuple[str, str, tuple[str, ...]]] = [("", real, (real,))]
    while pending:
        above_it, directory, way = pending.pop()
        for entry in _listed(directory):
            inside = f"{above_it}{entry.name}"
            if inside in left_out or (not is_old and entry.name == ".git" and entry.is_dir(follow_symlinks=False)):
                continue
            path = f"{stands_in.rstrip('/')}/{inside}"
            target = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
            leads_out = not f"{target}/".startswith(f"{real}/")
            if leads_out:
                outside.append(inside)
            if entry.is_symlink() and not is_old:
                yield path, OwnLink(_as_inside(os.readlink(entry.path), directory, real))
            elif leads_out:
                continue
            elif os.path.isdir(target):
                # A link back to where it is has no end.
                if target not in way:
                    yield path, OwnDirectory()
                    pending.append((f"{inside}/", target, (*way, target)))
            elif os.path.isfile(target):
                yield path, _file(target)


def _as_inside(target: str, directory: str, real: str) -> str:
    """Return where a link in a directory leads; one to a place below `real` does wherever that stands."""
    is_inside = os.path.isabs(target) and f"{os.path.normpath(target)}/".startswith(f"{real}/")
    return os.path.relpath(target, directory) if is_inside else target


def _listed(directory: str) -> Sequence[os.DirEntry[str]]:
    with contextlib.suppress(PermissionError), os.scandir(directory) as entries:
        return sorted(entries, key=lambda entry: entry.name)
    return ()


def _checked_out(script: Path, world: World, found: Tracked) -> OwnFiles:
    place = os.path.relpath(os.path.realpath(script.parent), found.root)
    if world.scripts not in (".", place):
        raise UsageError(
            f'the world says that the scripts stand in "{world.scripts}", and {script} stands in "{place}" of its work '
            f'tree {found.root}: take "scripts" out of the world'
        )
    workspace = world.workspace.rstrip("/")
    entries: dict[str, Entry] = {world.workspace: OwnDirectory()}
    missing = []
    inside = os.path.normpath(os.path.join(place, script.name))
    for path in sorted({*found.modes, inside}):
        entry = _tracked_entry(found, path)
        if entry is None:
            missing.append(path)
            continue
        for directory in _between(workspace, path):
            entries.setdefault(directory, OwnDirectory())
        entries[f"{workspace}/{path}"] = entry
    for path in found.submodules:
        for directory in (*_between(workspace, path), f"{workspace}/{path}"):
            entries.setdefault(directory, OwnDirectory())
    remarks = (
        *_remark("not tracked by git, and there all the same", [inside] if inside not in found.modes else []),
        *_remark("tracked by git, but not in the work tree, and so not there", missing),
        *_remark("git submodules, which are there as empty directories", found.submodules),
    )
    directory = os.path.normpath(os.path.join(world.workspace, place))
    return OwnFiles(found.root, world.workspace, directory, entries, remarks=remarks)


def _between(workspace: str, path: str) -> Iterator[str]:
    """Yield the directories above a path, below the workspace."""
    slash = path.find("/")
    while slash >= 0:
        yield f"{workspace}/{path[:slash]}"
        slash = path.find("/", slash + 1)


def _tracked_entry(found: Tracked, path: str) -> Entry | None:
    """Return what stands at a path of the work tree, None if there is no file or link."""
    real = f"{found.root}/{path}"
    try:
        seen = os.lstat(real)
        if stat.S_ISLNK(seen.st_mode):
            return OwnLink(os.readlink(real))
    except OSError:
        return None
    if not stat.S_ISREG(seen.st_mode):
        return None
    mode = seen.st_mode if found.trusts_modes else found.modes.get(path, seen.st_mode)
    return _seen(real, seen, mode)


def _file(real: str) -> OwnFile:
    seen = os.stat(real)
    return _seen(real, seen, seen.st_mode)


def _seen(real: str, seen: os.stat_result, mode: int) -> OwnFile:
    git_mode = 0o755 if mode & stat.S_IXUSR else 0o644
    return OwnFile(real, git_mode, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino)


def _remark(what: str, paths: Sequence[str]) -> Iterator[str]:
    if paths:
        named = ", ".join(paths[:_MOST_NAMED])
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        yield f"{what}: {named}{more}"
