"""The sandboxed process that runs scripts: one run at a time, asked and answered over its standard streams.

It gives up its own rights first (`sandbox`), so everything that it starts is held by the kernel as well as by the
library. It never prints: what goes to standard output is one JSON text a run, behind its length.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ci_port.dryrun import layout, sandbox
from ci_port.dryrun.asked import Question, questions
from ci_port.dryrun.configuration import Configuration, Who
from ci_port.dryrun.contents import contents
from ci_port.dryrun.control import BrokenLog, Control
from ci_port.dryrun.launch import Launch, Refused, launch
from ci_port.dryrun.layout import Kind
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.own_files import OwnFiles
from ci_port.dryrun.places import Places
from ci_port.dryrun.records import Record
from ci_port.dryrun.scratch import Scratch
from ci_port.dryrun.steps import STEPS, steps
from ci_port.dryrun.stubs import Stubs
from ci_port.dryrun.supervisor import Abandoned, RunEnded, Supervisor
from ci_port.dryrun.tree import Tree, layout_of
from ci_port.dryrun.wire import receive, send
from ci_port.model import Case, World
from ci_port.model.plan import dumps

_SOURCED = "ci_port_self_check.sh"
# Reading the directory arms what tells the lines, as opening a script does.
# The one file that is sourced tells where in bash sourced files are opened (native/bash.c).
_PROBE = f": < .; . ./{_SOURCED}; eval :; ci_port_self_check one 'two three'"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to know once."""

    scratch: Scratch
    script: str
    """The script's file name in its directory."""
    directory: str
    """The script's real directory, as the user wrote it: places are shown with it."""
    own: OwnFiles
    """The script's own files."""
    world: World
    limits: Limits
    bash: str
    library: str
    tools: dict[str, tuple[str, int]]
    """The programs that really run, and their kinds (layout.TEXT_TOOL, layout.FILE_TOOL)."""
    loaders: tuple[str, ...]
    looks: bool = False
    """Whether observations hold all that was printed, and the files that were left behind."""
    courses: bool = False
    """Whether observations hold each command that the shell has started."""
    changes: bool = False
    """Whether observations hold all that was printed, and what has become of each path that the run has changed."""


class Failure(Exception):
    """A run that has no plan; `where` holds the fields of a place."""

    def __init__(self, problem: str, where: dict[str, Any]) -> None:
        super().__init__(problem)
        self.where = where


class Worker:
    """Runs the script of a setup."""

    def __init__(self, setup: Setup) -> None:
        """Furnish the scratch directory, and confine this process for good."""
        scratch = setup.scratch
        self._setup = setup
        scratch.furnish(setup.library)
        self._control = Control(scratch.control, setup.limits)
        self._stubs = Stubs(scratch.stubs, setup.own, self._control.is_filled)
        self._tree = Tree(scratch.root, setup.own, self._stubs, measures_all=setup.world.version < 2)
        self._supervisor = Supervisor(setup.bash, scratch, self._control, self._tree, setup.limits)
        self._places = Places(setup.directory, setup.own, setup.world.workspace)
        programs = (path for path, _ in setup.tools.values())
        readable = (setup.own.real, setup.library)
        reads_all = os.geteuid() == 0 and sandbox.takes_rights(setup.own.really())
        sandbox.confine(
            scratch.path, (setup.bash, *programs, *setup.loaders), readable, setup.limits, reads_all=reads_all
        )

    def check(self) -> str:
        """Return why this bash cannot be observed, or an empty text: one command must come out as one step."""
        bash = self._setup.bash
        try:
            self._prepare(Case("self-check", tuple((name, None) for name in ("BASH_ENV", "BASHOPTS", "SHELLOPTS"))))
            with open(_SOURCED, "wb"):
                pass
            status = self._supervisor.run(["bash", "-c", _PROBE])
            records = self._control.records()
            os.unlink(_SOURCED)
            self._control.keep_callers()
        except (RunEnded, BrokenLog, OSError) as error:
            return str(error)
        if not self._control.loaded:
            return (
                f"{bash} (exit status {status}) does not let the recorder in: "
                "it is linked statically, or does not export the symbols that loadable builtins use"
            )
        seen = [record.argv for record in records if record.kind is Kind.EXECUTE]
        if status != 0 or seen != [("ci_port_self_check", "one", "two three")]:
            return f"{bash} is observed wrongly: one command was recorded as {seen!r} with status {status}"
        if not self._control.hooked:
            return f"{bash} does not show which lines it runs: it was built with a malloc of its own"
        if self._setup.courses and not self._control.shows_commands:
            return f"{bash} does not show which commands it starts"
        return ""

    def observe(self, case: Case) -> str:
        """Return the JSON text of an observation, or of an error with its place."""
        try:
            return dumps(self._observe(case))
        except Failure as failure:
            return dumps({"error": str(failure), **failure.where})
        except OSError as error:
            return dumps({"error": f"the scratch tree cannot be used: {error}"})

    def _observe(self, case: Case) -> dict[str, Any]:
        world, start = self._prepare(case)
        started = self._launch(case, world)
        limits = self._setup.limits
        status, problem = self._run(started.argv, world.umask)
        files = self._tree.left(world.workspace) if self._setup.looks else {}
        records, found, changed = self._records(problem)
        closed = world.workspace if world.checkout else None
        found_steps, shown = steps([record for record in records if record.kind in STEPS], start, world, found)
        return {
            "plan": {"status": status, "steps": found_steps},
            "remarks": [*filter(None, (started.remark, *self._setup.own.remarks)), *_remarks(records)],
            "places": [self._places.of(record) for record in shown],
            "asked": [self._question(question) for question in questions(records, world, closed)],
            "lines": self._places.lines(self._control.lines()),
            "messages": self._supervisor.said(2, limits.output if self._setup.changes else limits.messages),
            "output": self._supervisor.said(
                1, limits.output if self._setup.looks or self._setup.changes else limits.messages
            ),
            "files": files,
            "changes": changed,
            "course": self._course(records),
        }

    def _course(self, records: list[Record]) -> dict[str, Any]:
        """Return the commands that the shell has started, and whether some of them were not written down."""
        shells = [record.order for record in records if record.flags & layout.FOLLOWED and record.kind is Kind.EXECUTE]
        started = [_started(record, self._places, shells) for record in records if record.kind is Kind.COMMAND]
        return {"started": started, "cut": self._control.cut}

    def _question(self, question: Question) -> dict[str, Any]:
        decider = question.decider
        found = {"what": question.what.value, "subject": question.subject, "place": self._places.of(question.at)}
        if decider is None:
            return found
        options = {"errexit": bool(decider.flags & layout.ERREXIT), "pipefail": bool(decider.flags & layout.PIPEFAIL)}
        return {**found, "decider": {"argv": decider.argv, "frames": self._places.frames(decider), **options}}

    def _prepare(self, case: Case) -> tuple[World, dict[str, str]]:
        """Make tree and shared file ready for a case; return its world, and the environment that it starts with."""
        scratch = self._setup.scratch
        world = self._setup.world.overlaid(case.world)
        start = dict(world.start(dict(case.env)))
        self._tree.ensure(layout_of(world, (), case.world.absent if case.world and world.version >= 2 else ()))
        os.chdir(scratch.root + world.workspace)
        self._control.prepare(
            Configuration(
                root=scratch.root,
                blank=scratch.blank,
                scratch_tmp=scratch.tmp,
                noise=scratch.noise,
                script_dir=self._setup.own.directory,
                # `~` without HOME: the account of the world's user.
                home=world.home,
                user=world.user_name,
                host=world.host,
                bash=self._setup.bash,
                workspace=world.workspace,
                path=world.path,
                stubs=self._stubs.file,
                effects=world.version >= 2,
                has_stdin=case.stdin is not None,
                courses=self._setup.courses,
                who=Who(world.user.uid, world.user.gid, world.cpus),
                tools=self._setup.tools,
                missing=sorted(world.missing),
                follow=world.follow,
                rules=world.rules(start),
                environment=start,
            )
        )
        return world, start

    def _launch(self, case: Case, world: World) -> Launch:
        inside = os.path.relpath(self._setup.own.directory, world.workspace)
        path = self._setup.script if inside == "." else f"{inside}/{self._setup.script}"
        with open(self._tree.reads(path), "rb") as file:
            first_line = file.readline(256)
        # Executed by its own name it has a slash in it; called by bash it stands as CI writes it.
        script = path if world.version < 2 or world.shell else f"./{path}"
        self._setup.scratch.feed(case.stdin or "")
        try:
            return launch(first_line, script, world.shell, case.args)
        except Refused as refused:
            raise Failure(str(refused), {"place": [self._places.shown(path), 1, []]}) from None

    def _run(self, argv: Sequence[str], umask: int) -> tuple[int, str]:
        """Run the script and return its exit status, and why it was ended if it was."""
        try:
            return self._supervisor.run(argv, umask), ""
        except RunEnded as ended:
            return 0, str(ended)

    def _records(self, problem: str) -> tuple[list[Record], dict[int, bytes], dict[str, tuple[str, int, str] | None]]:
        """Return what the run left in the log, what it wrote and fed, what it changed, and put the tree back.

        Raises Failure if something has ended the run: `problem`, or what the library says.
        """
        try:
            records = self._control.records()
        except BrokenLog as error:
            self._fail(str(error))
        self._expect_no_problem(problem, records)
        found = contents(records, self._control, self._setup.scratch.root)
        touched = [record.texts[0] for record in records if record.kind is Kind.TOUCH]
        changed = self._tree.now(touched) if self._setup.changes else {}
        if self._setup.world.version >= 2:
            self._tree.restore(touched)
        else:
            self._tree.undo([record.texts[0] for record in records if record.kind is Kind.MKDIR], self._control.dirty)
        return records, found, changed

    def _expect_no_problem(self, problem: str, records: list[Record]) -> None:
        """Raise Failure if the library, this process or something else has ended the run; the library says most."""
        error = next((record for record in records if record.kind is Kind.ERROR), None)
        if error is not None:
            # What a process was about to change when it was ended is not known.
            self._tree.forget()
            raise Failure(error.texts[0], self._places.of_error(error))
        if not problem and self._control.stopped:
            problem = "the recorder ended the run without saying why"
        if problem:
            self._fail(problem)

    def _fail(self, problem: str) -> NoReturn:
        """Raise Failure with the place where the run has ended, and take nothing of the tree for granted."""
        where = self._places.of_last(self._control.at, lambda path: self._tree.reads(self._setup.scratch.root + path))
        self._tree.forget()
        raise Failure(problem, where)


def _started(record: Record, places: Places, shells: Sequence[tuple[int, ...]]) -> list[Any]:
    shell, above = _shell(record, shells)
    return [
        record.texts[0],
        places.of(record),
        record.stack[0] if record.stack else "",
        record.status,
        record.process[above:],
        len(record.stack) + record.value,
        record.value,
        bool(record.flags & layout.IN_TRAP),
        dict(entry.split("=", 1) for entry in record.argv) if record.flags & layout.KNOWS else None,
        shell,
    ]


def _shell(record: Record, shells: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return the number of the shell that a record is of, and how deep in the tree of forks that shell began.

    `shells` are where scripts that are followed were started.
    """
    found = (0, 0)
    for number, order in enumerate(shells, 1):
        if order[:-1] == record.process[: len(order) - 1] and order < record.order:
            found = (number, len(order) - 1)
    return found


def _remarks(records: list[Record]) -> list[str]:
    missing = dict.fromkeys(record.texts[0] for record in records if record.kind is Kind.NOTE)
    return [
        f"the locale {name} is not installed on this machine: words are in the order of C.UTF-8" for name in missing
    ]


def main() -> None:
    """Serve one recorder until it closes the stream. Requests are pickles of our own parent, answers are JSON."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    first = receive(requests)
    if first is None:
        return
    setup: Setup = pickle.loads(first)
    with contextlib.suppress(Abandoned, BrokenPipeError):
        try:
            worker = Worker(setup)
            problem = worker.check()
        except OSError as error:
            problem = f"the sandbox cannot be set up: {error}"
        send(answers, json.dumps({"problem": problem}).encode())
        while not problem and (request := receive(requests)) is not None:
            send(answers, worker.observe(pickle.loads(request)).encode())
    # Our parent removes all of it, unless it was killed: then an empty directory is all that stays.
    shutil.rmtree(setup.scratch.path, ignore_errors=True)
