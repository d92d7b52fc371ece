"""`Recorder`: what a script would do in an environment, observed under real bash with nothing let out."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from types import TracebackType
from typing import Any

from ci_port.dryrun import build, layout
from ci_port.dryrun.build import CannotRunHere
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.own_files import OwnFiles, own_files
from ci_port.dryrun.places import Places
from ci_port.dryrun.probes import Decides, every_status, unanswered
from ci_port.dryrun.process import WorkerProcess
from ci_port.dryrun.programs import find_bash, find_tool, loader_of, syntax_problem
from ci_port.dryrun.scratch import Scratch, new_scratch
from ci_port.dryrun.sources import Sources
from ci_port.dryrun.worker import Setup
from ci_port.model import Case, Document, Observation, Place, RunFailed, World
from ci_port.model.case import refusal
from ci_port.model.files import texts
from ci_port.model.observation import Course, Left, Started
from ci_port.model.plan import plan_from_json
from ci_port.model.tools import FILE_TOOLS

_SYNTAX_STATUS = 2
"""What bash ends with where it does not understand a script (bash manual, "Exit Status")."""


class Recorder:
    """Observes one script in one world, in a sandboxed process of its own; a context manager.

    One recorder does one run at a time: to use several cores, give each thread its own.
    """

    def __init__(
        self,
        script: Path,
        world: World,
        *,
        limits: Limits | None = None,
        bash: str | None = None,
        decides: Decides = every_status,
        looks: bool = False,
        courses: bool = False,
        changes: bool = False,
    ) -> None:
        """Take the script, with its neighbours beside it, and the world that it runs in.

        `decides` tells whether the status of a command selects what the script does next; without it, every one does.
        With `looks`, observations hold all that was printed and the files that were left behind; with `courses`, each
        command that the shell has started; with `changes`, all that was printed and what the run has changed.

        The script's directory stands in the world's `scripts`; with `checkout`, it stands in the workspace as in its
        work tree, with all that git tracks there. Raises CannotRunHere if this machine cannot record,
        FileNotFoundError if there is no such script, UsageError if there is no work tree, or `scripts` contradicts it.
        """
        library = build.locate()
        shell = find_bash(bash)
        if not script.is_file():
            raise FileNotFoundError(f"there is no script {script}")
        self._decides = decides
        self._looks = looks
        self._courses = courses
        self._changes = changes
        self._bash = shell
        self._script = script
        self._world = world
        self._own = own_files(script, world)
        self._directory = _as_written(str(script.parent), self._own)
        self._places = Places(self._directory, self._own, world.workspace)
        self._sources = self._sources_of(world)
        scratch = new_scratch()
        self._worker = WorkerProcess(scratch)
        self._set_up(self._setup(scratch, script.name, limits or Limits(), shell, str(library)))

    def _setup(self, scratch: Scratch, script: str, limits: Limits, bash: str, library: str) -> Setup:
        tools = {name: (find_tool(name), kind) for name, kind in _kinds(self._world).items()}
        tools[layout.XARGS_ECHO] = (find_tool("echo"), layout.TEXT_TOOL)
        programs = (bash, *(path for path, _ in tools.values()))
        return Setup(
            scratch=scratch,
            script=script,
            directory=self._directory,
            own=self._own,
            world=self._world,
            limits=limits,
            bash=bash,
            library=library,
            tools=tools,
            looks=self._looks,
            courses=self._courses,
            changes=self._changes,
            loaders=tuple(sorted({loader for path in programs if (loader := loader_of(path))})),
        )

    def _set_up(self, setup: Setup) -> None:
        answer = self._worker.ask(pickle.dumps(setup))
        if answer["problem"]:
            self.close()
            raise CannotRunHere(
                f"Bash cannot be observed here: {answer['problem']}. "
                "Use a distribution's own bash 4.4 or later (Debian, Ubuntu, Fedora), and put it first on PATH."
            )

    def observe(self, case: Case) -> Observation:
        """Return what the script would do in this case.

        Raises RunFailed, with the place in the script, for whatever could not be contained or understood.
        """
        if problem := refusal(case, self._world.version):
            raise RunFailed(problem)
        answer = self._worker.ask(pickle.dumps(case))
        if "error" in answer:
            place = _place(answer["place"]) if "place" in answer else None
            raise RunFailed(answer["error"], place, answer.get("command", ""))
        plan = plan_from_json(Document("", "recorder").fields(answer["plan"], ()))
        places = tuple(_place(place) for place in answer["places"])
        changed = case.world is not None and case.world.files
        sources = self._sources_of(self._world.overlaid(case.world)) if changed else self._sources
        if plan.status == _SYNTAX_STATUS:
            self._check_syntax(sources, answer["messages"])
        return Observation(
            plan=plan,
            places=places,
            unanswered=unanswered(answer["asked"], self._decides, sources.text),
            lines={file: sources.executed(file, lines) for file, lines in answer["lines"].items()},
            messages=answer["messages"],
            remarks=tuple(answer["remarks"]),
            output=answer["output"],
            files={path: Left(*seen) for path, seen in answer["files"].items()},
            changes={path: seen and Left(*seen) for path, seen in answer["changes"].items()},
            version=self._world.version,
            course=_course(answer["course"]) if self._courses else None,
        )

    def _check_syntax(self, sources: Sources, said: str) -> None:
        """Raise RunFailed if bash has ended because it does not understand the script: what it did is no plan.

        Read without being run, a script may have errors that are none: it sets `extglob`, or ends before them. So
        bash must have said the same in the run.
        """
        file = str(self._script)
        found = syntax_problem(self._bash, sources.text(file) or "")
        if found and found[1] in said:
            line, problem = found
            raise RunFailed(f"the script is no valid bash: {problem}", Place(file, line), sources.line(file, line))

    def _sources_of(self, world: World) -> Sources:
        """Return the scripts as they stand in a world: a file of it may be in place of one."""
        changed = {self._places.shown(path): text for path, text in texts(world.files).items()}
        return Sources(self._directory, self._own, changed)

    def close(self) -> None:
        """End the process and remove its scratch tree; closing twice is no error."""
        self._worker.end()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _kinds(world: World) -> dict[str, int]:
    """Return the tools of a world and their kinds; in version 1 nobody changes files."""
    files = FILE_TOOLS - world.missing if world.version >= 2 else frozenset()
    return {
        **dict.fromkeys(sorted(files), layout.FILE_TOOL),
        **dict.fromkeys(sorted(world.pure), layout.TEXT_TOOL),
    }


def _as_written(directory: str, own: OwnFiles) -> str:
    """Return the script's directory with which places are shown: as the user wrote it, if links do not forbid that."""
    top = os.path.join(directory, os.path.relpath(own.shown, own.directory))
    return directory if os.path.realpath(os.path.normpath(top)) == own.real else os.path.realpath(directory)


def _course(fields: dict[str, Any]) -> Course:
    started = (
        Started(text, _place(place), function, status, tuple(process), level, evals, trapped, variables, shell)
        for text, place, function, status, process, level, evals, trapped, variables, shell in fields["started"]
    )
    return Course(tuple(started), fields["cut"])


def _place(fields: list[Any]) -> Place:
    file, line, functions = fields
    return Place(file, line, tuple(functions))
