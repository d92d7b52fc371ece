"""A git repository with all that a work tree can hold, and real bash in a real clone of it: the judge of checkouts."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_port.dryrun.tree import NOW
from ci_port.model import Execute, Step
from ci_port.model.observation import Left
from ci_port.model.tools import FILE_TOOLS, PURE

COMMANDS = {"run": "", "say": "echo said"}
"""Commands that nobody has, and what they do in a clone besides being written down."""
HOME = "/home/user"

_BEFORE = NOW - 86_400
_UMASK = 0o022
"""As in a world that says nothing of it, whoever runs the tests."""
_CHANGE_SOME = ("find", "sed", "sort")
"""Text tools that are commands with some of their options."""
_STAND_IN = """#!{bash}
case "{name}" in
  sed) [[ " $* " == *" -i"* ]] || exec {tool} "$@" ;;
  find) [[ " $* " == *" -delete"* ]] || exec {tool} "$@" ;;
  sort) [[ " $* " == *" -o "* ]] || exec {tool} "$@" ;;
esac
printf '%s\\0' "{name}" "$@" $'\\1' "$PWD" "$({readlink} /proc/self/fd/0)" $'\\2' >> {log}
{tail}
"""


def git(directory: Path, *words: str) -> str:
    """Run git in a directory, with nothing of whoever runs the tests, and return what it prints."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(
        ["git", *who, "-C", str(directory), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        umask=_UMASK,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_repository(root: Path, files: Mapping[str, str | bytes], links: Mapping[str, str]) -> Path:
    """Make a repository with these files, those in `*.sh` executable, and these links, and commit them."""
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch", "main")
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if name.endswith(".sh"):
            path.chmod(0o755)
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "all")
    return root


@dataclass(frozen=True)
class Seen:
    """What a run did: the words of each command and where it ran, what it printed, and what it left behind.

    A command that is no tool has the name of its standard input behind its words.
    """

    steps: tuple[tuple[str, ...], ...]
    status: int
    output: str
    files: Mapping[str, Left]


@dataclass(frozen=True)
class Clone:
    """A clone of a repository, in which scripts run for real; it is made anew for every run."""

    repository: Path
    place: Path
    """Where the clone is."""
    commands: Path
    """The directory of PATH."""

    def run(self, argv: tuple[str, ...], env: Mapping[str, str]) -> Seen:
        """Run a script in a fresh clone."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.parent.mkdir(parents=True, exist_ok=True)
        git(self.repository, "clone", "--quiet", "--no-hardlinks", str(self.repository), str(self.place))
        shutil.rmtree(self.place / ".git")
        for path in _everything(self.place):
            os.utime(path, (_BEFORE, _BEFORE), follow_symlinks=False)
        log = self._furnish()
        done = subprocess.run(
            argv,
            cwd=self.place,
            env={"PATH": str(self.commands), "HOME": HOME, "LANG": "C.UTF-8", **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
            umask=_UMASK,
        )
        steps = tuple(self._step(record) for record in log.read_bytes().split(b"\2\0")[:-1])
        left = {os.path.relpath(path, self.place): _left(path) for path in _everything(self.place)}
        return Seen(steps, done.returncode, os.fsdecode(done.stdout), left)

    def _step(self, record: bytes) -> tuple[str, ...]:
        words, _, around = os.fsdecode(record).partition("\1\0")
        cwd, stdin = around.split("\0")[:2]
        argv = tuple(words.split("\0")[:-1])
        return step(
            argv, os.path.relpath(cwd, self.place), stdin.removesuffix(" (deleted)").removeprefix(f"{self.place}/")
        )

    def _furnish(self) -> Path:
        """Put a stand-in for every command into the directory of PATH; return where they write down what they do."""
        log = self.commands.parent / "log"
        log.write_bytes(b"")
        self.commands.mkdir(exist_ok=True)
        bash = _program("bash")
        for name in (*COMMANDS, *PURE, *FILE_TOOLS, "bash", "sh"):
            path, tool = self.commands / name, _program(name)
            if path.exists() or (not tool and name not in COMMANDS):
                continue
            if name in FILE_TOOLS or name in COMMANDS or name in _CHANGE_SOME:
                around = {"bash": bash, "tool": tool, "log": log, "readlink": _program("readlink")}
                tail = COMMANDS.get(name, f'exec {tool} "$@"')
                path.write_text(_STAND_IN.format(name=name, tail=tail, **around))
                path.chmod(0o755)
            else:
                path.symlink_to(tool)
        return log


def step(argv: tuple[str, ...], cwd: str, stdin: str) -> tuple[str, ...]:
    """Return a command as the comparison has it."""
    reads = argv[0] in COMMANDS and not stdin.startswith(("pipe", "/dev", "heredoc"))
    return (*argv, f"@{cwd}", *([f"<{stdin}"] if reads and stdin else []))


def steps(plan: tuple[Step, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the commands of a plan, as a clone sees them: those of a script that is followed alone."""
    found: list[tuple[str, ...]] = []
    for one in plan:
        if isinstance(one, Execute):
            found += steps(one.steps) if one.steps else [step(one.argv, one.cwd, one.stdin or "")]
    return tuple(found)


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    return os.path.realpath(found) if found and name not in ("egrep", "fgrep", "awk") else found or ""


def _everything(root: Path) -> list[str]:
    return [os.path.join(above, name) for above, *both in os.walk(root) for names in both for name in names]


def _left(path: str) -> Left:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return Left("link", 0o777, os.readlink(path))
    if stat.S_ISREG(mode):
        return Left("file", stat.S_IMODE(mode), os.fsdecode(Path(path).read_bytes()))
    return Left("directory" if stat.S_ISDIR(mode) else "fifo", stat.S_IMODE(mode), "")
