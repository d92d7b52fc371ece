"""What goes wrong, and what happens then: side, exit status, and how often each command ran.

Every row is run beside the plain script on the same machine. A command that ran twice, or a status that is not the
script's where the script ran, is a failure, whatever the row says.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ci_port.model import World
from ci_port.rollout.records import Evidence, read_records
from ci_port.runner.lock import read_lock
from tests.lock_now import lock_now
from tests.parity.live_machine import RUNNER, LiveMachine, LiveRun, Signals

JOB = {"BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11", "TEST_CONFIG": "smoke", "SHARD_NUMBER": "1"}

SCRIPT, PORT, NOBODY, PART = "script", "port", "nobody", "part of the port"

PORT_INIT = "ci_port/pytorch/__init__.py"
DISPATCH = "ci_port/pytorch/dispatch.py"
HANG = 10
"""The number of the command that hangs: one in the middle of start-up, after EXIT handlers were registered."""


@dataclass(frozen=True)
class Fault:
    """One row. `says` is part of what the runner says; `handlers`: how many EXIT handlers' commands ran, for PART."""

    name: str
    side: str
    status: int
    says: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    ending: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    prepare: Callable[[LiveMachine], None] | None = None
    stdout: str | None = None
    signal: int = 0
    after: str = "hanging"
    ignores: int = 0
    prefix: str = ""


def _append(name: str, text: str) -> Callable[[LiveMachine], None]:
    def prepare(machine: LiveMachine) -> None:
        with (machine.workspace / name).open("a") as file:
            file.write(text)

    return prepare


def _remove(name: str) -> Callable[[LiveMachine], None]:
    return lambda machine: (machine.workspace / name).unlink()


def _fifo(machine: LiveMachine) -> None:
    os.mkfifo(machine.folder / "fifo")


LOCK = "ci_port/data/pytorch/lock.json"
RAISES = "\n\ndef main(sh):\n    raise {}\n"
ONLY_LIVE = "\n\ndef main(sh):\n    if type(sh.host).__name__ == 'LiveHost':\n        raise ValueError('only now')\n"
LATE = "\n\ndef dispatch(sh):\n    if type(sh.host).__name__ == 'LiveHost':\n        raise ValueError('too late')\n"
SLOW = "\nimport os, time\nopen(os.environ['STAND_IN'] + '/importing', 'w').close()\ntime.sleep(60)\n"
IN_HANDLER = LATE.replace("dispatch", "sccache_epilogue")

FAULTS = (
    # Nothing has run yet: bash has the job, once.
    Fault("port cannot be imported", SCRIPT, 0, "ImportError", {PORT_INIT: "raise ImportError('no torch here')"}),
    Fault("port is no Python", SCRIPT, 0, "SyntaxError", {DISPATCH: "def ("}),
    Fault("importing the port exits", SCRIPT, 0, "SystemExit", {PORT_INIT: "raise SystemExit(0)"}),
    Fault("port is empty", SCRIPT, 0, "AttributeError", {PORT_INIT: ""}),
    Fault(
        "port's start-up fails",
        SCRIPT,
        0,
        "ValueError at ",
        ending={PORT_INIT: RAISES.format("ValueError('early')")},
    ),
    Fault(
        "planning fails late",
        SCRIPT,
        0,
        "KeyError",
        ending={DISPATCH: "\n\ndef dispatch(sh):\n    raise KeyError('x')\n"},
    ),
    Fault("planning exits", SCRIPT, 0, "RunFailed at ", ending={PORT_INIT: RAISES.format("SystemExit(3)")}),
    Fault(
        "planning never stops calling",
        SCRIPT,
        0,
        "RecursionError",
        ending={PORT_INIT: "\n\ndef main(sh):\n    main(sh)\n"},
    ),
    Fault("planning needs all memory", SCRIPT, 0, "MemoryError", ending={PORT_INIT: RAISES.format("MemoryError")}),
    Fault(
        "planning does not end",
        SCRIPT,
        0,
        "took more than 1 seconds",
        ending={PORT_INIT: "\n\ndef main(sh):\n    while True: pass\n", "ci_port/runner/preflight.py": "SECONDS = 1\n"},
    ),
    Fault(
        "not ported",
        SCRIPT,
        0,
        "NotPorted at ",
        ending={PORT_INIT: "\nfrom ci_port.model import NotPorted\n" + RAISES.format("NotPorted('smoke')")},
    ),
    Fault("fails before its first command", SCRIPT, 0, "before its first command", ending={PORT_INIT: ONLY_LIVE}),
    Fault("lock is no JSON", SCRIPT, 0, "the lock cannot be read", {LOCK: "{"}),
    Fault("lock is missing", SCRIPT, 0, "the lock cannot be read", {LOCK: "\0"}),
    Fault("lock of another version", SCRIPT, 0, "version 1 is expected", {LOCK: '{"version": 99}'}),
    Fault(
        "drift in a function", SCRIPT, 0, "common_utils.sh", prepare=_append(".ci/pytorch/common_utils.sh", "\n# new\n")
    ),
    Fault("drift in the script", SCRIPT, 0, "verified against", prepare=_append(".ci/pytorch/test.sh", "\n:\n")),
    Fault(
        "a part of the script is missing",
        SCRIPT,
        1,
        "common.sh cannot be read",
        prepare=_remove(".ci/pytorch/common.sh"),
    ),
    Fault("script is missing", SCRIPT, 127, "there is no .ci/pytorch/test.sh", prepare=_remove(".ci/pytorch/test.sh")),
    Fault("bash is told to work differently", SCRIPT, 0, "changes how bash itself works", env={"GLOBIGNORE": "x"}),
    Fault(
        "Python is too old",
        SCRIPT,
        0,
        "this is Python 3.9",
        prefix="import sys; sys.version_info = (3, 9, 0, 'final', 0)",
    ),
    Fault("runner is broken", SCRIPT, 0, "the runner cannot be loaded", {"ci_port/runner/main.py": "def ("}),
    Fault("runner's settings are broken", SCRIPT, 0, "runner.json", {"ci_port/data/runner.json": "{}"}),
    Fault("rollout is broken", SCRIPT, 0, "rollout.toml", {"ci_port/data/pytorch/rollout.toml": "version = 9\n"}),
    Fault("world is broken", SCRIPT, 0, "world.json", {"ci_port/data/pytorch/world.json": "[]"}),
    Fault("unknown option", SCRIPT, 0, "unknown option --fast", flags=("--fast",)),
    Fault("unknown phase", SCRIPT, 0, "there is no phase", flags=("--phase", "9")),
    Fault(
        "port cannot be imported, no fallback",
        NOBODY,
        71,
        "nothing has been run",
        {PORT_INIT: "0/0"},
        flags=("--no-fallback",),
    ),
    Fault(
        "drift, no fallback",
        NOBODY,
        71,
        "nothing has been run",
        prepare=_append(".ci/pytorch/test.sh", "#\n"),
        flags=("--no-fallback",),
    ),
    # The port runs, and something around it is wrong.
    Fault("record cannot be written", PORT, 0, "cannot be written", env={"CI_PORT_RECORD": "/proc/none/record"}),
    Fault("record on a full disk", PORT, 0, "No space left", env={"CI_PORT_RECORD": "/dev/full"}),
    Fault(
        "record into a pipe that nobody reads",
        PORT,
        0,
        "cannot be written",
        env={"CI_PORT_RECORD": "{folder}/fifo"},
        prepare=_fifo,
    ),
    Fault(
        "record in the checkout, and bash follows",
        SCRIPT,
        0,
        "lies in the checkout",
        {PORT_INIT: "0/0"},
        flags=("--record", "record.jsonl"),
    ),
    Fault("step summary is a folder", PORT, 0, "cannot be written", env={"GITHUB_STEP_SUMMARY": "/"}),
    Fault("output on a full disk", PORT, 1, "No space left", stdout="/dev/full"),
    Fault(
        "a command is missing",
        PORT,
        127,
        "command not found",
        prepare=lambda machine: (machine.folder / "bin/python3").unlink(),
    ),
    Fault(
        "a command cannot be executed",
        PORT,
        126,
        "Permission denied",
        prepare=lambda machine: _forbid(machine.folder / "bin/python3"),
    ),
    # The port fails after its first command: no way back.
    Fault("fails after commands have run", PART, 70, "start it again with", ending={DISPATCH: LATE}),
    # Signals.
    Fault(
        "TERM while the port is loaded",
        NOBODY,
        -signal.SIGTERM,
        ending={PORT_INIT: SLOW},
        signal=signal.SIGTERM,
        after="importing",
    ),
    Fault(
        "INT while the port is loaded",
        NOBODY,
        -signal.SIGINT,
        ending={PORT_INIT: SLOW},
        signal=signal.SIGINT,
        after="importing",
    ),
    Fault(
        "HUP while the port is loaded",
        NOBODY,
        -signal.SIGHUP,
        ending={PORT_INIT: SLOW},
        signal=signal.SIGHUP,
        after="importing",
    ),
    Fault("TERM during a command", PORT, -signal.SIGTERM, signal=signal.SIGTERM),
    Fault("INT during a command", PORT, -signal.SIGINT, signal=signal.SIGINT),
    Fault("HUP during a command", PORT, -signal.SIGHUP, signal=signal.SIGHUP),
    *(
        Fault(f"{number.name[3:]} during a command", PORT, status, signal=number)
        for number, status in (
            *((number, -number) for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)),
            *((number, -number) for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGPIPE)),
            *((number, -number) for number in (signal.SIGPROF, signal.SIGKILL)),
            (signal.SIGQUIT, 131),
        )
    ),
    Fault("TERM, and the command ignores it", PORT, -signal.SIGTERM, signal=signal.SIGTERM, ignores=1),
    Fault(
        "ALRM while the port is loaded",
        NOBODY,
        -signal.SIGALRM,
        ending={PORT_INIT: SLOW},
        signal=signal.SIGALRM,
        after="importing",
    ),
    Fault("PYTHONHOME leads nowhere", PORT, 0, env={"PYTHONHOME": "/none"}),
    Fault(
        "a line in an option",
        SCRIPT,
        0,
        "unknown option --fast\\n::error::forged; bash",
        flags=("--fast\n::error::forged",),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault(machine: LiveMachine, packaged_world: World, tmp_path: Path, fault: Fault) -> None:
    script = _as_script(machine, packaged_world, fault)
    run = _as_runner(machine, packaged_world, tmp_path, fault)
    assert run.status == fault.status, run.stderr
    assert fault.says in run.stderr
    assert "\n::error" not in run.stdout + run.stderr
    if fault.side == NOBODY:
        assert run.log == ()
    elif fault.side == PART:
        # All of start-up once, then nothing but the EXIT handlers, of which this machine may have more than another.
        first = next(at for at, line in enumerate(script.commands) if line.startswith("python test/run_test.py"))
        handlers = script.commands.index("git status --porcelain") + 1
        assert first < handlers < len(script.commands)
        assert run.commands == [*script.commands[:first], *script.commands[handlers:]]
    else:
        assert run.comparable == script.comparable
    fell_back = fault.side == SCRIPT
    assert ("::warning" in run.stdout) == (fell_back or "cannot be written" in run.stderr or "/dev/full" in run.stderr)
    assert fell_back == ("instead" in run.stderr)


def test_there_are_enough_rows() -> None:
    assert len(FAULTS) >= 25
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_broken_pipe_on_output_ends_both_in_the_same_way(machine: LiveMachine, packaged_world: World) -> None:
    runs = []
    for command in (["/bin/bash", ".ci/pytorch/test.sh"], [*RUNNER, str(machine.bundled), "--phase", "3"]):
        machine.reset(packaged_world.start(JOB))
        env = {**machine.environment(JOB), "USE_PYTHON_TEST_RUNNER": "1"}
        reader, writer = os.pipe()
        os.close(reader)
        runs.append(_with_stdout(machine, command, env, writer))
    assert runs[0].commands == runs[1].commands
    assert runs[0].comparable == runs[1].comparable
    assert runs[0].status == -signal.SIGPIPE


def _with_stdout(machine: LiveMachine, command: list[str], env: Mapping[str, str], fd: int) -> LiveRun:
    wrapped = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import os, signal; os.dup2({fd}, 1); "
        f"signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.execv({command[0]!r}, {command!r})",
    ]
    os.set_inheritable(fd, True)
    try:
        return machine.run(wrapped, env, inherited=(fd,))
    finally:
        os.close(fd)


def _as_script(machine: LiveMachine, world: World, fault: Fault) -> LiveRun:
    """Run what the runner should come to: the script itself, on the same machine."""
    machine.reset(world.start(JOB), hang=(HANG, fault.ignores) if fault.signal else None)
    if fault.prepare:
        fault.prepare(machine)
    if fault.after != "hanging":
        return LiveRun(fault.status, (), "", "")
    signals = Signals(fault.signal, group=True) if fault.signal else None
    return machine.run(
        ["/bin/bash", ".ci/pytorch/test.sh"], _environment(machine, fault), stdout=fault.stdout, signals=signals
    )


def _as_runner(machine: LiveMachine, world: World, tmp_path: Path, fault: Fault) -> LiveRun:
    machine.reset(world.start(JOB), hang=(HANG, fault.ignores) if fault.signal else None)
    if fault.prepare:
        fault.prepare(machine)
    bundle = _patched(machine.bundled, tmp_path / "patched.py", fault)
    flags = [*(() if "--phase" in fault.flags else ("--phase", "3")), *fault.flags]
    command = [*RUNNER, str(bundle), *flags]
    if fault.prefix:
        argv, path = [str(bundle), *flags], str(bundle)
        code = f"import runpy, sys; sys.argv = {argv!r}; {fault.prefix}; runpy.run_path({path!r}, run_name='__main__')"
        command = [*RUNNER, "-c", code]
    signals = Signals(fault.signal, group=True, after=fault.after) if fault.signal else None
    return machine.run(command, _environment(machine, fault), stdout=fault.stdout, signals=signals)


def _environment(machine: LiveMachine, fault: Fault) -> dict[str, str]:
    own = {name: value.replace("{folder}", str(machine.folder)) for name, value in fault.env.items()}
    return {**machine.environment(JOB), "USE_PYTHON_TEST_RUNNER": "1", **own}


def _patched(bundle: Path, target: Path, fault: Fault) -> Path:
    """Return a bundle with members replaced, or with something at their end; a member that is NUL is left out."""
    if not fault.members and not fault.ending:
        return bundle
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = fault.members.get(name, old.read(name).decode(errors="surrogateescape"))
            if name != "code.bin" and text != "\0":
                new.writestr(name, (text + fault.ending.get(name, "")).encode(errors="surrogateescape"))
    return target


def _forbid(program: Path) -> None:
    program.unlink()
    program.write_text("no program")


@pytest.mark.parametrize(
    ("flags", "member", "expected"),
    [
        ((), None, {"side": "port", "fallback": False, "cause": "phase", "phase": "3", "status": 0}),
        (
            ("--phase", "0"),
            None,
            {"side": "shadow", "fallback": False, "cause": "shadow", "phase": "0", "status": None},
        ),
        ((), PORT_INIT, {"side": "script", "fallback": True, "cause": "failure", "phase": "3", "status": None}),
        ((), "ci_port/host/__init__.py", {"side": "script", "fallback": True, "cause": "failure", "phase": "3"}),
        (("--fast",), None, {"side": "script", "fallback": True, "cause": "options", "phase": None}),
    ],
)
def test_what_happened_is_evidence(
    machine: LiveMachine,
    packaged_world: World,
    tmp_path: Path,
    flags: tuple[str, ...],
    member: str | None,
    expected: dict[str, object],
) -> None:
    record = tmp_path / "record"
    fault = Fault("", PORT, 0, members={member: "raise ImportError('x')"} if member else {}, flags=flags)
    env = {"CI_PORT_RECORD": str(record), "CI_PORT_SHADOW_COMMAND": "false"}
    _as_runner(machine, packaged_world, tmp_path, replace(fault, env=env))
    deadline = time.monotonic() + 60
    while not (record.exists() and record.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.02)
    (found,) = read_records(record)
    assert isinstance(found, Evidence), found
    assert {
        name: getattr(found, name) or None if name == "phase" else getattr(found, name) for name in expected
    } == expected
    lock = read_lock(lock_now(), "lock")
    assert (found.script, found.port) == (lock.script, lock.port)
    assert found.job == "job:linux-jammy-py3.10-gcc11/smoke/1of"


SECRET = "s3cr3t-of-the-job"
TELLS = "\n\ndef main(sh):\n    from ci_port.model import NotPorted, RunFailed\n    raise {}\n"
SHADOW = {"CI_PORT_SHADOW_COMMAND": "/bin/cat /proc/self/environ /none"}
HANDLERS = "ci_port/pytorch/common_build.py"
TALKING = (
    Fault("planning fails", SCRIPT, 0, ending={PORT_INIT: TELLS.format("ValueError(sh['SECRET'])")}),
    Fault("no plan", SCRIPT, 0, ending={PORT_INIT: TELLS.format("RunFailed('x', sh.place(), sh['SECRET'])")}),
    Fault("not ported", SCRIPT, 0, ending={PORT_INIT: TELLS.format("NotPorted(sh['SECRET'])")}),
    Fault("planning exits", SCRIPT, 0, ending={PORT_INIT: TELLS.format("SystemExit(sh['SECRET'])")}),
    Fault("planning acts", SCRIPT, 0, ending={PORT_INIT: TELLS.format("OSError(open(sh['SECRET'], 'w'))")}),
    Fault("importing fails", SCRIPT, 0, ending={PORT_INIT: "\nimport os\nos.environ[os.environ['SECRET']]\n"}),
    Fault("early", SCRIPT, 0, ending={PORT_INIT: ONLY_LIVE.replace("'only now'", "sh['SECRET']")}),
    Fault("late", PART, 70, ending={DISPATCH: LATE.replace("'too late'", "sh['SECRET']")}),
    Fault("in a handler", PART, 70, ending={HANDLERS: IN_HANDLER.replace("'too late'", "sh['SECRET']")}),
    Fault("shadow", SCRIPT, 0, flags=("--phase", "0"), env=SHADOW),
    Fault(
        "shadow of a port that fails",
        SCRIPT,
        0,
        ending={PORT_INIT: TELLS.format("ValueError(sh['SECRET'])")},
        flags=("--phase", "0"),
        env=SHADOW,
    ),
)


@pytest.mark.parametrize("fault", TALKING, ids=lambda fault: fault.name)
def test_nothing_of_the_environment_is_told(
    machine: LiveMachine, packaged_world: World, tmp_path: Path, fault: Fault
) -> None:
    record, summary = tmp_path / "record", tmp_path / "summary"
    env = {**fault.env, "SECRET": SECRET, "CI_PORT_RECORD": str(record), "GITHUB_STEP_SUMMARY": str(summary)}
    run = _as_runner(machine, packaged_world, tmp_path, replace(fault, env=env))
    assert run.status == fault.status, run.stderr
    deadline = time.monotonic() + 60
    while not (summary.exists() and summary.read_text().endswith("\n\n")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert '"job"' in record.read_text()
    for text in (run.stdout, run.stderr, record.read_text(), summary.read_text()):
        assert SECRET not in text
