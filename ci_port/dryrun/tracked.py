"""What git says of the files around a script: which it tracks, and which it ignores.

Asked in the recorder's own process, because the sandboxed one can start nothing but bash and the tools. A repository may
be anybody's: none of its hooks runs, and that it belongs to somebody else is no obstacle.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from ci_port.dryrun.build import CannotRunHere
from ci_port.model.errors import UsageError

_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.directory=*")
_ENTRY = re.compile(r"(\d{6}) [0-9a-f]+ \d\t(.+)", re.DOTALL)
_SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Tracked:
    """The files of a work tree: modes as git has them, by their path from the root; `root` is a real path."""

    root: str
    modes: dict[str, int]
    submodules: tuple[str, ...]
    trusts_modes: bool
    """Whether the modes on the disk are those of the files; they are not where the file system has none."""


def tracked(directory: str) -> Tracked:
    """Return the work tree that a directory belongs to.

    Raises CannotRunHere without git, UsageError if there is no work tree.
    """
    try:
        root = _ask(directory, "rev-parse", "--show-toplevel").removesuffix("\n")
        listed = _ask(root, "ls-files", "-z", "--stage")
        trusts = _ask(root, "config", "--type=bool", "--default=true", "core.fileMode")
    except _Refused as refused:
        raise UsageError(
            f'the world says "checkout", and {os.path.abspath(directory)} is in no git work tree: '
            f'put the script into one, or take "checkout" out of the world (git: {refused})'
        ) from None
    modes = {found[2]: int(found[1], 8) for entry in listed.split("\0") if (found := _ENTRY.fullmatch(entry))}
    return Tracked(
        root=root,
        modes={path: mode for path, mode in modes.items() if mode != _SUBMODULE},
        submodules=tuple(path for path, mode in modes.items() if mode == _SUBMODULE),
        trusts_modes=trusts.strip() == "true",
    )


def ignored(directory: str) -> frozenset[str]:
    """Return the files and directories below a directory that git ignores, by their paths from there.

    None where git is not to be had, or the directory is in no work tree, or is ignored itself.
    """
    try:
        listed = _ask(directory, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    except (CannotRunHere, _Refused):
        return frozenset()
    return frozenset(path.removesuffix("/") for path in listed.split("\0") if path)


class _Refused(Exception):
    """What git said instead of an answer."""


def _ask(directory: str, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise CannotRunHere(
            'The world says "checkout", and there is no git on PATH that could say which files are tracked: install git '
            '(Debian, Ubuntu: apt-get install git), or take "checkout" out of the world.'
        )
    # Inside a hook, git's variables speak of that hook's repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(
        [git, *_QUIET, "-C", directory, *words],
        capture_output=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        said = os.fsdecode(done.stderr).strip().splitlines()
        raise _Refused(said[-1] if said else f"exit status {done.returncode}")
    return os.fsdecode(done.stdout)
