"""The seam: everything that the port can ask of the world, and everything that it can do to it.

One side plans (`PlanHost`), one side really executes. All paths that cross the seam are absolute, except where a
docstring says "as written".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

PIPE = "pipe"
NULL = "/dev/null"


@dataclass(frozen=True, slots=True)
class ProcessSubstitution:
    """`<(...)`: an argument that names a pseudo-file from which the command reads `text`."""

    text: str


class Stream:
    """The text that waits in a pipe; whoever reads it takes it away from everybody else."""

    __slots__ = ("_rest",)

    def __init__(self, text: str) -> None:
        self._rest = text

    @property
    def rest(self) -> str:
        """What is left; it stays there."""
        return self._rest

    def line(self) -> str | None:
        """Return the next line without its newline (`read -r`); None at the end of the text."""
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition("\n")
        return line

    def drain(self) -> str:
        """Return all that is left."""
        rest, self._rest = self._rest, ""
        return rest

    def put_back(self, text: str) -> None:
        """Return to the pipe what a reader was given and did not take."""
        self._rest = text + self._rest


@dataclass(frozen=True, slots=True)
class HereDocument:
    """`<<END` or `<<<`: standard input is this text."""

    text: str


Word = str | ProcessSubstitution
Input = str | Stream | HereDocument
"""Where standard input comes from: a path, a pipe, or a text of the script."""


class Command(NamedTuple):
    """A process to run: words as written, absolute directory, exported environment, redirections.

    `stdin` is None (inherited), a path, a pipe or a here-document; `stdout` and `stderr` are None, a path (with `>>`
    before it: appended to), or `pipe` (the text comes back in the outcome; with `stderr` as well, both do). Both the
    same path: `&> path`. `previous` is the directory before the last change of it.
    """

    argv: tuple[Word, ...]
    cwd: str
    env: Mapping[str, str]
    stdin: Input | None = None
    stdout: str | None = None
    stderr: str | None = None
    previous: str | None = None


class Outcome(NamedTuple):
    """How a command ended; `output` is what it wrote into the pipe, empty if there was none."""

    status: int = 0
    output: str = ""


class Scope(NamedTuple):
    """What a shell hands to a file that it sources, or to a function that such a file has defined.

    `variables` are all of them, `environment` the exported ones; `temporary` is for this one call; `excused` means
    that nothing in it stops (`if`, `!`, before `||`).
    """

    cwd: str
    variables: Mapping[str, str]
    environment: Mapping[str, str]
    arrays: Mapping[str, tuple[str, ...]]
    temporary: Mapping[str, str]
    excused: bool
    previous: str | None = None


class Left(NamedTuple):
    """What is left when a sourced file or a function has ended.

    `ended`: it ended the shell itself (`exit`, or a failure that nothing excuses). `changed` holds name, value (None:
    unset) and whether it is exported; `cwd` is None if the directory is the same.
    """

    status: int = 0
    ended: bool = False
    cwd: str | None = None
    changed: tuple[tuple[str, str | None, bool], ...] = ()


class Interrupted(BaseException):
    """A signal ends the run. Like an explicit `exit`, it leaves no function: their variables stay for the handlers."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Host(Protocol):
    """The world, as narrow as the port needs it."""

    def execute(self, command: Command) -> Outcome:
        """Run a command to its end."""

    def source(self, path: str, args: tuple[str, ...], scope: Scope) -> Left:
        """Source a file outside the script's own directory, `path` as written."""

    def defines(self, name: str) -> bool:
        """Return whether a sourced file has defined a function of this name."""

    def call(self, argv: tuple[str, ...], scope: Scope) -> Left:
        """Run such a function."""

    def write(self, path: str, text: str, *, append: bool) -> int:
        """Write a file, as a redirection of the script itself does; return 0, or 1 if it cannot be opened."""

    def umask(self, value: int) -> int:
        """Set the mode bits that new files do not get; return the status."""

    def limit(self, resource: str, value: int) -> int:
        """Set a resource limit for this process and what it starts; return the status."""

    def say(self, text: str) -> int:
        """Print text for people; return the status."""

    def enter(self, directory: str) -> bool:
        """Return whether one can change into the directory."""

    def is_file(self, path: str) -> bool:
        """Return whether the path is a regular file (`-f`)."""

    def is_dir(self, path: str) -> bool:
        """Return whether the path is a directory (`-d`)."""

    def exists(self, path: str) -> bool:
        """Return whether something is at the path (`-e`)."""

    def is_link(self, path: str) -> bool:
        """Return whether the path is a symbolic link (`-L`)."""

    def is_executable(self, path: str) -> bool:
        """Return whether the path is a file that can be executed (`-x`)."""

    def command(self, name: str, paths: Sequence[str]) -> int | None:
        """Return which of the paths, in the order of `PATH`, a command of this name is found at; None if at none."""

    def read(self, path: str) -> str | None:
        """Return the content of a file; None if it cannot be read."""

    def names(self, directory: str) -> Iterable[str]:
        """Return the names in a directory in any order, without `.` and `..`; nothing if it is none."""

    def resolve(self, path: str) -> str | None:
        """Return what `realpath` prints: all parts but the last must exist; None if they don't."""

    def home(self) -> str:
        """Return the user's home directory from the account database."""
