"""`RealBash`: what a small script really does, under bash, in a folder of its own, with a stand-in for every command.

File tools really run, and are seen like every other command; text tools just run. All other commands are stand-ins
that answer by the script's rules. A command that reads a pipe comes after those that write into it, and what was put
into the background comes before what was started after it: the same script gives the same run every time.

As root the run is contained: namespaces of its own without a network, a root with bash, the tools and their libraries
and nothing else, an ordinary user, limits. Anyone else gets a plain folder, where only our own scripts may run.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ci_port.model.plan import text_of
from tests.parity.live_machine import compile_stand_in
from tests.parity.real_bash_jail import receive, send
from tests.parity.small_scripts import (
    COMMANDS,
    FILE_TOOLS,
    FOLDER,
    HOME,
    SCRIPT,
    SHELL_PID,
    START,
    TEXT_TOOLS,
    Command,
    Left,
    Run,
    Script,
    as_words,
)

HERE = Path(__file__).parent
SOURCE = HERE / "real_bash.c"
NAMESPACES = ("unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--")
USER = 1000
_SILENT = frozenset(("PWD", "OLDPWD", "SHLVL", "_"))
_NOT_FOUND = re.compile(r"^.*?: line \d+: (?:exec: ([^/\n]+): not found|([^/\n]+): command not found)$", re.MULTILINE)
_NO_NAMES = frozenset((".", ".."))
_MOST_NAMES = 20
_BOOT = (
    f"import sys; sys.path.insert(0, {str(HERE.parents[1])!r}); from tests.parity.real_bash_jail import main; main()"
)


class NotContained(Exception):
    """This machine cannot hold what a script might do."""


@functools.cache
def why_not_contained() -> str:
    """Return why scripts of others cannot run here, or an empty text."""
    if os.geteuid() != 0:
        return "it takes root, to give the scripts a root, a network and processes of their own"
    if shutil.which("unshare") is None:
        return "there is no unshare (Debian, Ubuntu: apt-get install util-linux)"
    done = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    return f"unshare: {done.stderr.strip()}" if done.returncode else ""


class RealBash:
    """Runs scripts, one at a time; a context manager."""

    def __init__(self, stand_in: Path | None = None, *, contained: bool | None = None, bash: str | None = None) -> None:
        """Start it. `contained`: True where the scripts are not ours; None: if the machine can.

        Raises NotContained.
        """
        reason = "" if contained is False else why_not_contained()
        if contained and reason:
            raise NotContained(reason)
        self.contained = not reason and contained is not False
        scratch = tempfile.mkdtemp(prefix="real-bash-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self._remove = weakref.finalize(self, shutil.rmtree, scratch, ignore_errors=True)
        self._setup = {
            "root": f"{scratch}/root",
            "contained": self.contained,
            "user": USER,
            "stand_in": str(stand_in or compile_stand_in(Path(scratch) / "stand-in", SOURCE)),
            "bash": os.path.realpath(bash or _found("bash")),
            "tools": dict(found_tools()),
            "folder": FOLDER,
            "home": HOME,
            "commands": COMMANDS,
        }
        self._root = "" if self.contained else f"{scratch}/root"
        self._open()

    def _open(self) -> None:
        os.mkdir(str(self._setup["root"]))
        self._process = subprocess.Popen(
            [*(NAMESPACES if self.contained else ()), sys.executable, "-I", "-S", "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        self._end = weakref.finalize(self, _end, self._process, str(self._setup["root"]))
        answer = self._ask(self._setup)
        if answer is None or answer["problem"]:
            self.close()
            raise NotContained("it has ended" if answer is None else answer["problem"])

    def run(self, script: Script, *, options: Sequence[str] = (), seconds: float = 10) -> Run:
        """Run a script; with `options`, as `bash OPTIONS ci/script.sh`. A run that takes longer is ended."""
        if script.names is None:
            script = self.completed(script, options=options, seconds=seconds)
        return self._run(script, options, seconds)

    def completed(self, script: Script, *, options: Sequence[str] = (), seconds: float = 10) -> Script:
        """Return the script with all commands that exist: what might be one, and what bash looks for in vain."""
        script = script.with_names(())
        for _ in range(_MOST_NAMES):
            stderr = self._run(script, options, seconds).stderr
            missing = {name for found in _NOT_FOUND.findall(stderr) for name in found if name}
            missing -= script.commands | script.only_asked | _NO_NAMES
            if not missing:
                break
            script = script.with_names(missing)
        return script

    def _run(self, script: Script, options: Sequence[str], seconds: float) -> Run:
        start = {**START, **script.env}
        argv = ["bash", *options, SCRIPT] if options else [f"./{SCRIPT}"]
        answer = self._ask(
            {
                "script": SCRIPT,
                "text": script.text,
                "argv": [*argv, *script.args],
                "env": start,
                "stdin": script.stdin,
                "files": dict(script.files),
                "rules": list(script.rules),
                "commands": sorted(script.commands - FILE_TOOLS - TEXT_TOOLS),
                "file_tools": sorted(FILE_TOOLS),
                "text_tools": sorted(TEXT_TOOLS),
                "seconds": seconds,
                "follow": script.follow,
            }
        )
        if answer is None:
            self._end()
            self._open()
            return Run((), 0, ended="lost")
        answer = self._as_from_inside(answer, re.compile(rf"(?<!\d){answer['pid']}(?!\d)"))
        return Run(
            commands=tuple(_command(record, start) for record in answer["commands"]),
            status=answer["status"],
            files={path: Left(*entry) for path, entry in answer["files"].items() if path not in ("ci", SCRIPT)},
            stdout=answer["stdout"],
            stderr=answer["stderr"],
            ended=answer["ended"],
        )

    def _as_from_inside(self, answer: Any, pid: re.Pattern[str]) -> Any:
        """Return an answer with the paths that the script would see in a root of its own, and one `$$` for all runs."""
        if isinstance(answer, str):
            return pid.sub(str(SHELL_PID), answer.replace(self._root, "") if self._root else answer)
        if isinstance(answer, list):
            return [self._as_from_inside(part, pid) for part in answer]
        if isinstance(answer, dict):
            return {self._as_from_inside(name, pid): self._as_from_inside(part, pid) for name, part in answer.items()}
        return answer

    def close(self) -> None:
        """End it; closing twice is no error."""
        self._end()
        self._remove()

    def __enter__(self) -> RealBash:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, message: object) -> Any:
        """Return the answer; None if what runs the scripts has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            send(self._process.stdin, message)  # type: ignore[arg-type]
            return receive(self._process.stdout)  # type: ignore[arg-type]
        return None


def _command(record: Mapping[str, Any], start: Mapping[str, str]) -> Command:
    env = dict(variable.partition("=")[::2] for variable in record["env"])
    changed = {name: env.get(name) for name in {*env, *start} - _SILENT if env.get(name) != start.get(name)}
    cwd = os.path.relpath(record["cwd"], FOLDER) if f"{record['cwd']}/".startswith(f"{FOLDER}/") else record["cwd"]
    given = as_words(text_of(os.fsencode(record["input"])))
    return Command(tuple(record["argv"]), cwd, record["status"], tuple(sorted(changed.items())), given)


def _end(process: subprocess.Popen[bytes], root: str) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    try:
        process.wait(2)  # it ends when the stream closes
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(root, ignore_errors=True)


def _found(name: str) -> str:
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    assert found, f"this needs {name}"
    return found


@functools.cache
def found_tools() -> Mapping[str, str]:
    """Return the tools of this machine, and the program behind each."""
    return {name: path for name in sorted(FILE_TOOLS | TEXT_TOOLS) if (path := _tool(name))}


def _tool(name: str) -> str:
    """Return the program behind a tool, or an empty text: a script like egrep would need its own interpreter."""
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    path = os.path.realpath(found) if found else ""
    if path:
        with open(path, "rb") as file:
            path = path if file.read(4) == b"\x7fELF" else ""
    return path
