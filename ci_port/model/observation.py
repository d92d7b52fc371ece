"""`Observation`: what one dry run showed. The plan is compared; everything else says where it came from."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ci_port.model.plan import Plan, dumps


class RunFailed(Exception):
    """A side could not say what it would do: something was not understood, not contained, or took too long.

    `place` says where (script, line, command); it is empty when the run did not get as far as a line.
    """

    def __init__(self, problem: str, place: Place | None = None, command: str = "") -> None:
        self.problem = problem
        self.place = place
        self.command = command
        where = f"{place}: " if place else ""
        super().__init__(where + problem + (f" (command: {command})" if command else ""))


class NotPorted(Exception):
    """The port has no function for this branch yet; a missing port is never an empty plan."""

    def __init__(self, branch: str) -> None:
        self.branch = branch
        super().__init__(f"not ported yet: {branch}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step comes from: a source position, and the function stack, innermost first."""

    file: str
    line: int
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f" in {self.functions[0]}" if self.functions else "")


class Asked(enum.Enum):
    """What the world did not say: what a command prints, how it ends, whether something stands at a path, whether a
    command exists, what stands on standard input."""

    OUTPUT = "output"
    STATUS = "status"
    PATH = "path"
    COMMAND = "command"
    STDIN = "stdin"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What the plan rests on and neither the world nor an earlier step settles.

    `subject` is the words of a command (`OUTPUT`, `STATUS`), one path (`PATH`), one name (`COMMAND`), or nothing.
    """

    what: Asked
    subject: tuple[str, ...]
    place: Place

    @property
    def paste(self) -> str:
        """One line of JSON that settles it when it is put into the world (`STDIN`: into the case or job)."""
        return dumps(_SETTLED[self.what](self.subject))


def _rule(subject: tuple[str, ...], **answer: object) -> dict[str, object]:
    # A word of its own that reads as "any number of words" in a rule must not become one.
    argv = [*subject[:-1], "*" if subject[-1:] == ("**",) else subject[-1]] if subject else []
    return {"commands": [{"argv": argv, **answer}]}


_SETTLED: dict[Asked, Callable[[tuple[str, ...]], dict[str, object]]] = {
    Asked.OUTPUT: lambda subject: _rule(subject, stdout=""),
    Asked.STATUS: lambda subject: _rule(subject, status=0),
    Asked.PATH: lambda subject: {"absent": list(subject)},
    Asked.COMMAND: lambda subject: {"missing": list(subject)},
    Asked.STDIN: lambda _: {"stdin": ""},
}


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left behind at a path: `file`, `directory`, `link` or `fifo`, its mode, its text or target."""

    kind: str
    mode: int
    content: str


@dataclass(frozen=True, slots=True)
class Started:
    """A command that the shell has started, in the words of the script: nothing in `text` is expanded.

    `function` is the innermost as in bash's FUNCNAME: "main" in the script itself, "source" in a sourced file. `status`
    is that of the command before it in the same process, `process` its process's place in the tree of forks of its
    shell. `level` says how deep it stands in functions, sourced files and `eval`, `evals` in how many `eval` of these.
    `trapped`: a trap does it; the status is not known then. `variables` are those that a `case` or a `[[ ]]` of several
    tests looks at, None if they are not known. `shell` counts the shells: 0 is the script's own, others are those of
    scripts that are followed.
    """

    text: str
    place: Place
    function: str = ""
    status: int = 0
    process: tuple[int, ...] = ()
    level: int = 0
    evals: int = 0
    trapped: bool = False
    variables: Mapping[str, str] | None = None
    shell: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    """The commands that the shell has started, in the order of the plan; `cut`: there were more of them."""

    started: tuple[Started, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """One run: its plan, the place of each step (same order), what is unanswered, executed lines per file.

    `messages` is the end of what the run printed on standard error: for people, when a run ends unexpectedly.
    `version` is that of the world in which it ran, `remarks` say how the run differs from what CI does.
    `output` is the end of what was printed on standard output; `files` is what stands below the workspace at the end,
    by relative path, where the recorder was asked to look. `changes` is what has become of the absolute paths that the
    run has changed, None of what is gone. Like `course`, it is there where the recorder was asked for it.
    """

    plan: Plan
    places: tuple[Place, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    messages: str = ""
    version: int = 1
    remarks: tuple[str, ...] = ()
    output: str = ""
    files: Mapping[str, Left] = field(default_factory=dict)
    course: Course | None = None
    changes: Mapping[str, Left | None] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether nothing in the plan was made up."""
        return not self.unanswered
