"""A small script with all that its course depends on, and what a run of it did: real bash and the recorder both say.

A row of `scripts/small.jsonl` is a script with the commands that bash ran (the format stands in `scripts/README.md`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ci_port.model import Digest, Text, tools

FOLDER = "/w"
"""Where a script runs. It stands in `ci/script.sh` there."""
SCRIPT = "ci/script.sh"
COMMANDS = "/opt/bin"
"""The one folder of PATH."""
HOME = "/home/user"
SHELL_PID = 4242
"""What `$$` is, whatever the machine says."""
START = {"HOME": HOME, "LANG": "C.UTF-8", "PATH": COMMANDS, "TERM": "dumb", "USER": "user"}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FILE_TOOLS = tools.FILE_TOOLS | {"sleep"}
"""Really run, and are steps all the same. So is `sleep`, which takes as long as it says."""
TEXT_TOOLS = tools.PURE
"""Really run, and are no steps."""
LEFT_OUT = _set(
    "mkdir touch rm cp mv ln rmdir install truncate chmod mktemp cat ls grep sed awk sort find wc readlink dirname "
    "basename tee head tail tr cut uniq printf env seq date xargs realpath"
)
"""Not in the `steps` of a row."""
_READ_THEMSELVES = FILE_TOOLS | {"bash", "sh"}
_SHELL_WORDS = _set(
    "if then elif else fi for in do done while until case esac select function time coproc true false test echo cd pwd "
    "set unset export local declare typeset readonly read mapfile readarray source eval exec exit return shift trap "
    "wait kill jobs fg bg disown break continue let getopts hash type command builtin enable shopt umask ulimit alias "
    "unalias pushd popd dirs printf times caller help history suspend logout bind complete compgen compopt"
)
_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_SOURCED = re.compile(r"(?:^|[\s;&|(`'\"])(?:source|\.)\s+([\w.+-]+)", re.MULTILINE)
_ONLY_ASKED = re.compile(r"\b(?:command\s+-[vV]|type(?:\s+-\w+)*|hash|(?<=which))\s+([A-Za-z_][\w.+-]*)")
_ONLY_FOUND = re.compile(r"\s-name\s+[\"']?[\w.+-]+")

Rule = Mapping[str, Any]
"""What a command answers, as in a world's JSON: argv, status, stdout, stderr, nth, makes, removes."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, how it is started, and the files and commands around it.

    `files` are relative to the folder. `names` are commands that exist besides the file and text tools (None: every
    word that might be one). With `follow`, files that it runs with `bash` or `sh` really run, and what they start is
    seen; without, each is one command that does nothing.
    """

    text: str
    id: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    names: frozenset[str] | None = None
    follow: bool = False

    @property
    def commands(self) -> frozenset[str]:
        """The names of commands that exist: those that were given, or every word that might be one."""
        if self.names is not None:
            return self.names
        texts = [self.text, *self.files.values(), *self.args, *self.env.values(), self.stdin]
        texts += [rule.get("stdout", "") for rule in self.rules]
        found = {word for text in texts for word in _words(text)}
        # What is sourced is looked for on PATH, too, and a stand-in is no script.
        sourced = {name for text in texts for name in _SOURCED.findall(text)}
        return frozenset(found - sourced | {rule["argv"][0] for rule in self.rules} - {"*", "**"}) - _SHELL_WORDS

    @property
    def only_asked(self) -> frozenset[str]:
        """The names that the script only asks for (`command -v x`): they do not exist."""
        return frozenset(_ONLY_ASKED.findall(self.text)) - _words(self.text)

    def with_names(self, names: Iterable[str]) -> Script:
        """Return the script with more commands that exist."""
        return replace(self, names=self.commands | frozenset(names))


def _words(text: str) -> set[str]:
    """Return what may be a command's name."""
    return set(_WORD.findall(_ONLY_FOUND.sub(" ", _ONLY_ASKED.sub("", text))))


@dataclass(frozen=True, slots=True)
class Command:
    """A command that ran. `cwd` is relative to the folder; `env` is what it differs in from the start.

    `input` is what stood ready on its standard input (`as_words`). `status` is None where nobody saw the command end.
    """

    argv: tuple[str, ...]
    cwd: str = "."
    status: int | None = 0
    env: tuple[tuple[str, str | None], ...] = ()
    input: str | None = None

    def __str__(self) -> str:
        words = " ".join(word if re.fullmatch(r"[\w./:=,+-]+", word) else repr(word) for word in self.argv)
        status = f" ={self.status}" if self.status else ""
        return words + (f" @{self.cwd}" if self.cwd != "." else "") + status


def as_words(content: Text | None) -> str | None:
    """Return what a plan holds as text, also what is long or no text; None for nothing."""
    return f"{content.size} bytes, {content.sha256}" if isinstance(content, Digest) else content or None


@dataclass(frozen=True, slots=True)
class Left:
    """What stands at a path after the run. `text` is a file's content or where a link leads, which has no mode."""

    kind: str
    mode: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.mode:o} {self.text!r}"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did; `files` are relative to the folder, the script itself left out (None: nobody looked).

    `ended` says why it was ended from outside, if it was.
    """

    commands: tuple[Command, ...]
    status: int
    files: Mapping[str, Left] | None = None
    stdout: str = ""
    stderr: str = ""
    ended: str = ""

    @property
    def steps(self) -> list[list[str]]:
        """The words of each command, as the `steps` of a row have them."""
        return [list(command.argv) for command in self.commands if command.argv[0] not in LEFT_OUT]


@dataclass(frozen=True, slots=True)
class Row:
    """A script, and the status and steps that bash gives."""

    script: Script
    status: int
    steps: list[list[str]]


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file."""
    for line in path.read_text().splitlines():
        row = json.loads(line)
        want = row.pop("want")
        row.pop("note", None)
        text = row.pop("script")
        for name in ("args", "rules"):
            row[name] = tuple(row.get(name, ()))
        yield Row(Script(text, **row), want["status"], want["steps"])


def differences(real: Run, recorded: Run) -> Iterator[str]:
    """Yield, one line each, what the recorder's run has otherwise than the real one: the most telling first."""
    if real.ended or recorded.ended:
        if real.ended != recorded.ended:
            yield f"ended: {real.ended or 'by itself'} | {recorded.ended or 'by itself'}"
        return
    if real.status != recorded.status:
        yield f"exit status: {real.status} | {recorded.status}"
    yield from _in_commands(real.commands, recorded.commands)
    if real.files is not None and recorded.files is not None:
        yield from _in_files(real.files, recorded.files)
    if real.stdout != recorded.stdout:
        yield f"printed: {_around(real.stdout, recorded.stdout)!r} | {_around(recorded.stdout, real.stdout)!r}"


def _around(text: str, other: str) -> str:
    """Return a text from a little before the place where another one begins to differ."""
    same = next((at for at, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]), len(other))
    return text[max(0, same - 20) : same + 80]


def _in_files(real: Mapping[str, Left], recorded: Mapping[str, Left]) -> Iterator[str]:
    for path in sorted({*real, *recorded}):
        left, right = real.get(path), recorded.get(path)
        if left != right:
            yield f"file {path}: {left or 'absent'} | {right or 'absent'}"


def _in_commands(real: tuple[Command, ...], recorded: tuple[Command, ...]) -> Iterator[str]:
    for number, (left, right) in enumerate(zip(real, recorded, strict=False), 1):
        if (left.argv, left.cwd) != (right.argv, right.cwd):
            yield f"command {number}: {left} | {right}"
            return
    for number in range(min(len(real), len(recorded)), max(len(real), len(recorded))):
        left_text = str(real[number]) if number < len(real) else "none"
        right_text = str(recorded[number]) if number < len(recorded) else "none"
        yield f"command {number + 1}: {left_text} | {right_text}"
        return
    for number, (left, right) in enumerate(zip(real, recorded, strict=True), 1):
        for name in ("status", "env", "input"):
            if name == "status" and None in (left.status, right.status):
                continue
            if name == "input" and left.argv[0] in _READ_THEMSELVES:
                continue
            if getattr(left, name) != getattr(right, name):
                yield f"command {number} ({left.argv[0]}), {name}: {getattr(left, name)!r} | {getattr(right, name)!r}"
