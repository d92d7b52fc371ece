"""`Recorder`: what a script would do in an environment, observed under real bash with nothing let out."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

from ci_port.dryrun import build
from ci_port.dryrun.build import CannotRunHere
from ci_port.dryrun.control import Limits, end_processes
from ci_port.dryrun.probes import unanswered
from ci_port.dryrun.sources import Sources
from ci_port.dryrun.worker import Setup, receive, send
from ci_port.model import Case, Document, Observation, Place, RunFailed, World
from ci_port.model.case import refusal
from ci_port.model.files import texts
from ci_port.model.plan import plan_from_json

OLDEST_BASH = (4, 4)
_WHERE_TOOLS_ARE = "/usr/local/bin:/usr/bin:/bin"
_PATIENCE = 10.0
_BOOT = "import sys; sys.path.insert(0, {!r}); from ci_port.dryrun.worker import main; main()"


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
    ) -> None:
        """Take the script, with its neighbours beside it, and the world that it runs in.

        The script's directory stands in the world's `scripts`. Raises CannotRunHere if this machine cannot record,
        FileNotFoundError if there is no such script.
        """
        library = build.locate()
        shell = find_bash(bash)
        if not script.is_file():
            raise FileNotFoundError(f"there is no script {script}")
        self._directory = script.parent
        self._world = world
        self._stands_in = os.path.normpath(os.path.join(world.workspace, world.scripts))
        self._sources = self._sources_of(world)
        scratch = tempfile.mkdtemp(prefix="ci-port-", dir=_scratch_base())
        if {" ", ":"} & set(scratch):
            os.rmdir(scratch)
            raise CannotRunHere(
                f"The recorder cannot use the temporary directory {tempfile.gettempdir()}, which has a blank or a "
                "colon in its name: set TMPDIR to another."
            )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT.format(str(Path(__file__).parents[2]))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PATH": _WHERE_TOOLS_ARE, "LANG": "C.UTF-8"},
                start_new_session=True,  # a Ctrl-C is for us: closing the stream ends the worker
            )
        except OSError:
            os.rmdir(scratch)
            raise
        self._close = weakref.finalize(self, _end, self._process, scratch)
        pure = {name: _tool(name) for name in sorted(world.pure)}
        setup = Setup(
            scratch=scratch,
            script=script.name,
            directory=str(script.parent),
            stands_in=self._stands_in,
            world=world,
            limits=limits or Limits(),
            bash=shell,
            library=str(library),
            pure=pure,
            loaders=tuple(sorted({loader for path in (shell, *pure.values()) if (loader := _loader(path))})),
        )
        answer = self._ask(pickle.dumps(setup))
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
        answer = self._ask(pickle.dumps(case))
        if "error" in answer:
            place = _place(answer["place"]) if "place" in answer else None
            raise RunFailed(answer["error"], place, answer.get("command", ""))
        plan = plan_from_json(Document("", "recorder").fields(answer["plan"], ()))
        places = tuple(_place(place) for place in answer["places"])
        changed = case.world is not None and case.world.files
        sources = self._sources_of(self._world.overlaid(case.world)) if changed else self._sources
        return Observation(
            plan=plan,
            places=places,
            unanswered=unanswered(plan.steps, places, answer["answered"], sources),
            lines={file: sources.executed(file, lines) for file, lines in answer["lines"].items()},
            messages=answer["messages"],
            version=self._world.version,
        )

    def _sources_of(self, world: World) -> Sources:
        """Return the scripts as they stand in a world: a file of it may be in place of one."""
        inside = self._stands_in + "/"
        directory = str(self._directory)
        return Sources(
            directory,
            {
                f"{directory}/{path.removeprefix(inside)}" if path.startswith(inside) else path: text
                for path, text in texts(world.files).items()
            },
        )

    def close(self) -> None:
        """End the process and remove its scratch tree; closing twice is no error."""
        self._close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: bytes) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        if not self._close.alive:
            raise RunFailed("the recorder is closed")
        answer = None
        with contextlib.suppress(BrokenPipeError):
            send(stdin, request)  # type: ignore[arg-type]
            answer = receive(stdout)  # type: ignore[arg-type]
        if answer is None:
            status = self._process.wait()
            self.close()
            raise RunFailed(f"the recorder's process ended with status {status}; see its messages above")
        result: dict[str, Any] = json.loads(answer)
        return result


def _place(fields: list[Any]) -> Place:
    file, line, functions = fields
    return Place(file, line, tuple(functions))


def _end(process: subprocess.Popen[bytes], scratch: str) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    try:
        process.wait(_PATIENCE)  # it ends its run, and all processes of it, when the stream closes
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.returncode:
        with contextlib.suppress(OSError):
            end_processes(f"{scratch}/control")
    shutil.rmtree(scratch, ignore_errors=True)


def _scratch_base() -> str | None:
    """Prefer memory to disk: a run makes and removes many small files. None is the system's own choice."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK | os.X_OK) else None


def _tool(name: str) -> str:
    """Return the program behind a pure tool; an empty text if it is absent, or could not be shown the world's files.

    A run that uses such a tool fails with its name; one that does not is no worse for it. `egrep` and `fgrep` are
    shell scripts in newer distributions: the library runs `grep -E` and `grep -F`, as they do.
    """
    found = shutil.which({"egrep": "grep", "fgrep": "grep"}.get(name, name), path=_WHERE_TOOLS_ARE)
    path = os.path.realpath(found) if found else ""
    return path if _loader(path) else ""


@functools.lru_cache(maxsize=256)
def _loader(path: str) -> str:
    """Return the real path of the dynamic loader that a program names (ELF, PT_INTERP), or an empty text."""
    if not path:
        return ""
    with open(path, "rb") as file:
        head = file.read(4096)
    if head[:5] != b"\x7fELF\x02":
        return ""
    table = int.from_bytes(head[32:40], "little")
    size, count = (int.from_bytes(head[at : at + 2], "little") for at in (54, 56))
    for index in range(count):
        entry = head[table + index * size :][:size]
        if int.from_bytes(entry[:4], "little") == 3:
            start, length = (int.from_bytes(entry[at : at + 8], "little") for at in (8, 32))
            return os.path.realpath(os.fsdecode(head[start : start + length].rstrip(b"\0")))
    return ""


@functools.lru_cache(maxsize=16)
def find_bash(path: str | None = None) -> str:
    """Return the real path of a bash that is new enough; raises CannotRunHere."""
    found = path or shutil.which("bash", path=os.environ.get("PATH", "") + ":" + _WHERE_TOOLS_ARE)
    remedy = "install bash (Debian, Ubuntu: apt-get install bash) and put it first on PATH"
    if not found:
        raise CannotRunHere(f"The recorder runs the script under real bash and there is none on PATH: {remedy}.")
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, env={}).stdout
    except OSError as error:
        raise CannotRunHere(f"The recorder cannot start {found} ({error.strerror}): {remedy}.") from None
    version = re.search(r"version (\d+)\.(\d+)", said)
    if version is None:
        raise CannotRunHere(f"{found} does not say that it is bash: {remedy}.")
    if (int(version[1]), int(version[2])) < OLDEST_BASH:
        raise CannotRunHere(
            f"{found} is bash {version[1]}.{version[2]} and the recorder needs {OLDEST_BASH[0]}.{OLDEST_BASH[1]} "
            f"or later: {remedy}."
        )
    return os.path.realpath(found)
