"""`RecordedBash`: what a small script would do, as the recorder says: the other side of `RealBash`."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci_port.dryrun import Recorder
from ci_port.model import Case, Document, Execute, Observation, RunFailed, Step, World
from ci_port.model.case import case_from_json
from ci_port.model.fields import DataError
from ci_port.model.world import world_from_json
from tests.parity.real_bash import USER, found_tools
from tests.parity.real_bash_root import OPEN, account_files
from tests.parity.real_bash_run import SHELLS
from tests.parity.small_scripts import (
    COMMANDS,
    FOLDER,
    HOME,
    SCRIPT,
    START,
    TEXT_TOOLS,
    Command,
    Left,
    Run,
    Script,
    as_words,
)

_KERNEL = re.compile(r"/proc/[a-z][\w./-]*\w")
"""Facts that scripts ask the machine for: real bash sees those of this one."""
_OWN = (SCRIPT, str(Path(SCRIPT).parent))


@functools.cache
def why_not_recorded() -> str:
    """Return why the recorder cannot run these scripts, or an empty text."""
    try:
        world_of()
    except DataError as error:
        return str(error)
    return ""


def case_of(script: Script) -> Case:
    """Return the case that a script is in the recorder's world."""
    files: dict[str, object] = {f"{FOLDER}/{path}": text for path, text in script.files.items()}
    files[f"{FOLDER}/{SCRIPT}"] = {"text": script.text, "mode": "755"}
    files.update(_of_the_kernel(script.text))
    case = {
        "id": script.id or "script",
        "env": dict(script.env),
        "args": list(script.args),
        "world": {
            "files": files,
            "commands": list(script.rules),
            "executables": sorted(f"{COMMANDS}/{name}" for name in script.commands),
        },
    }
    if script.stdin:
        case["stdin"] = script.stdin
    return case_from_json(Document(json.dumps(case), "case").parse())


def world_of(follow: bool = False) -> World:
    """Return the world of a script, but for what comes with the script itself."""
    world = {
        "version": 2,
        "workspace": FOLDER,
        "scripts": str(Path(SCRIPT).parent),
        "path": COMMANDS,
        "env": {name: value for name, value in START.items() if name != "PATH"},
        "dirs": ["/tmp", HOME, "/dev", *filter(None, OPEN)],
        "follow": ["*"] if follow else [],
        "files": {"/bin/sh": {"link": "bash"}, **{f"/etc/{name}": text for name, text in account_files(USER, HOME)}},
        "executables": ["/bin/bash", *(f"{place}/{name}" for place in ("/bin", "/usr/bin") for name in found_tools())],
        "user": {"name": START["USER"], "uid": USER, "gid": USER, "home": HOME},
    }
    return world_from_json(Document(json.dumps(world), "world").parse())


def _of_the_kernel(text: str) -> Iterator[tuple[str, str]]:
    """Yield the files of the kernel that a script names, with what they hold: what is about one process, empty."""
    for path in sorted({name for name in _KERNEL.findall(text) if os.path.isfile(name)}):
        with contextlib.suppress(PermissionError):
            content = b"" if os.path.realpath(path) != path else Path(path).read_bytes()
            yield path, content.decode() if content.isascii() else ""


class RecordedBash:
    """Records scripts, one at a time; a context manager."""

    def __init__(self, *, bash: str | None = None) -> None:
        """Start it. `bash` is the bash that is observed, if not the one on PATH."""
        self._bash = bash
        self._folder = tempfile.TemporaryDirectory(prefix="recorded-bash-")
        script = Path(self._folder.name) / Path(SCRIPT).name
        script.write_text("")
        script.chmod(0o755)
        self.script = script
        # A recorder has one world: one that follows what a script runs, and one that does not.
        self._recorders: dict[bool, Recorder] = {}

    def run(self, script: Script) -> Run:
        """Return what the script would do; a script that the recorder refuses was ended, and by what."""
        try:
            return run_of(self.observe(script), script)
        except RunFailed as failed:
            return Run((), 0, ended=f"refused, {failed.problem}")

    def observe(self, script: Script) -> Observation:
        """Return what the recorder observes; raises RunFailed where it refuses."""
        return self._recorder(script.follow).observe(case_of(script))

    def _recorder(self, follow: bool) -> Recorder:
        if follow not in self._recorders:
            self._recorders[follow] = Recorder(self.script, world_of(follow), bash=self._bash, looks=True)
        return self._recorders[follow]

    def close(self) -> None:
        """End it; closing twice is no error."""
        for recorder in self._recorders.values():
            recorder.close()
        self._folder.cleanup()

    def __enter__(self) -> RecordedBash:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_of(observed: Observation, script: Script) -> Run:
    """Return what was observed of a script in the words of real bash."""
    start = {**START, **script.env}
    env: dict[str, str | None] = {}
    commands = []
    # A script that is found on a PATH of the script's own runs by itself.
    steps = list(_flat(observed.plan.steps))
    moves = script.follow and "PATH=" in script.text
    made = {os.path.basename(word) for step in steps if step.argv[0] == "chmod" for word in step.argv[2:] if moves}
    for step in steps:
        env.update(step.env)
        if not _stands_in(step) or step.argv[0] in made or _runs_a_tool(step.argv[0], env.get("PATH")):
            continue
        changed = {name: value for name, value in env.items() if start.get(name) != value}
        given = as_words(step.input)
        commands.append(Command(step.argv, step.cwd, step.status, tuple(sorted(changed.items())), given))
    files = {
        path: Left(left.kind, 0 if left.kind == "link" else left.mode, left.content)
        for path, left in observed.files.items()
        if path not in _OWN
    }
    return Run(tuple(commands), observed.plan.status, files, observed.output, observed.messages)


def _flat(steps: Iterable[Step]) -> Iterator[Execute]:
    """Yield the commands in order, those of a followed script after it."""
    for step in steps:
        if isinstance(step, Execute):
            yield step
            yield from _flat(step.steps)


def _runs_a_tool(name: str, path: str | None) -> bool:
    """Return whether what runs is a tool of the machine: its folder stands before that of the stand-ins."""
    first = next((place for place in (path or "").split(":") if place in (COMMANDS, "/bin", "/usr/bin")), COMMANDS)
    return first != COMMANDS and name in found_tools()


def _stands_in(step: Execute) -> bool:
    """Return whether a stand-in sees the command: no script that runs itself, and no text tool that writes."""
    name = step.argv[0]
    runs_itself = step.steps and name not in SHELLS
    return name not in TEXT_TOOLS and not runs_itself and ("/" not in name or name.startswith(f"{COMMANDS}/"))
