"""Bad inputs, made from good ones: files, command lines and environments; every command, every format.

`python -m tests.parity.bad_inputs SEED FIRST COUNT` runs some of them and prints what is wrong with how each was
taken, one JSON object a line. Each runs in a process of its own, forked from one that has imported everything, in a
new folder.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ci_port.cli import main as program
from ci_port.cli.commands import COMMANDS, parser
from ci_port.model import Execute, Plan
from ci_port.model.plan import dumps
from ci_port.rollout.evidence import Store
from ci_port.rollout.records import read_record
from ci_port.runner.record import Record
from tests.unit.project.project_on_disk import make_project

PATIENCE = 150.0
"""Seconds; a run of the recorder alone may take 60."""
STATUSES = frozenset((0, 1, 2, 3, 4, 5, 71))
"""docs/exit-statuses.md; 70 is a fault of ours, and nobody here interrupts."""
NO_SCRIPT = 127
"""What bash says in a folder without the script."""

PORT = """\
def main(sh):
    if sh["SUITE"] == "lint":
        sh.run("ruff", "check", stdout="lint.log")
    else:
        sh.run("python", "run.py", "--suite", sh["SUITE"], "--jobs", sh.output("nproc"))
"""
CASES = '{"id": "a", "env": {"SUITE": "unit"}}\n' + (
    '{"id": "b", "env": {"SUITE": "lint", "CC": null}, "world": {"absent": ["/x"]}}\n'
)
ROLLOUT = """\
version = 1
current = "1"
[[phase]]
id = "0"
name = "off"
about = "The script."
[[phase]]
id = "1"
name = "limited"
about = "Some."
jobs = [{ SUITE = "unit*" }]
[phase.gate]
report_days = 7
spaces = ["jobs"]
shadow_runs = 1
window_days = 14
max_fallback_percent = 5
"""
WAIVERS = "version = 1\n"


@dataclass(frozen=True)
class Good:
    """A command line that works, the files that it surely reads, and its status."""

    words: tuple[str, ...]
    reads: tuple[str, ...] = ()
    status: int = 0

    @property
    def command(self) -> str:
        return self.words[0]


CONFIG = ("--config", "ci-port.json")
DATA = ("ci-port.json", "world.json")
GOODS = (
    Good(("plan", "--impl", "python", "--env", "SUITE=unit", *CONFIG), (*DATA, "diffed_port.py")),
    Good(("plan", "--impl", "python", "--cases", "cases.jsonl", "--format", "jsonl", *CONFIG), (*DATA, "cases.jsonl")),
    Good(("plan", "--impl", "shell", "--env", "SUITE=unit", *CONFIG), (*DATA, "scripts/test.sh")),
    Good(("parity", *CONFIG), (*DATA, "jobs.csv", "scripts/test.sh"), 0),
    Good(("parity", "--cases", "cases.jsonl", "--report", "out.json", *CONFIG), (*DATA, "cases.jsonl")),
    Good(("inventory", "--format", "json", *CONFIG), ("ci-port.json", "scripts/test.sh")),
    Good(("inventory", "--script", "scripts/test.sh", "--strict", *CONFIG), ("scripts/test.sh",)),
    Good(("run", "--dry-run"), ()),
    Good(("run", "--no-fallback", "--record", "record.jsonl"), (), 127),
    Good(("lock", "--output", "lock.json", *CONFIG), (*DATA, "jobs.csv", "scripts/test.sh")),
    Good(("bundle", "--output", "out.pyz"), (), 0),
    Good(("diff-plan", "plans.jsonl", "plans.jsonl"), ("plans.jsonl",)),
    Good(("diff-plan", "scripts/test.sh", "scripts/test.sh", "--no-cache", *CONFIG), (*DATA, "jobs.csv")),
    Good(("parity", *CONFIG), ("waivers.toml",)),
    Good(("inventory", "--trace", *CONFIG), ("trace.json", "diffed_port.py"), 1),
    Good(("drift", "--no-jobs", *CONFIG), ("ci-port.json", "scripts/test.sh", "trace.json")),
    Good(("report", "report.json", "--format", "markdown", *CONFIG), ("report.json",)),
    Good(
        ("report", "report.json", "--format", "html", "-o", "out.html", "--evidence", "e.db", *CONFIG), ("report.json",)
    ),
    Good(("gate", "1", "--report", "report.json", "--evidence", "e.db", *CONFIG), ("rollout.toml",)),
    Good(("gate", "1", "--report", "report.json", "--parity-only", *CONFIG), ("rollout.toml", "report.json")),
    Good(("evidence", "add", "records.jsonl", "--evidence", "e.db"), ("records.jsonl", "e.db")),
    Good(("evidence", "show", "--evidence", "e.db", *CONFIG), ("rollout.toml", "e.db")),
)
SLOW = frozenset(("parity", "lock", "bundle"))
"""Those that are drawn less often."""


def make(folder: Path) -> None:
    """Write all good files into a folder."""
    make_project(folder)
    config = json.loads((folder / "ci-port.json").read_text())
    config |= {"port": "diffed_port:main", "rollout": "rollout.toml", "waivers": "waivers.toml", "axes": ["SUITE"]}
    plan = dumps({"id": "a", "plan": Plan((Execute(("x", "y")),), 0).to_json()})
    record = Record("unit", {}, side="shadow", cause="shadow", phase="1")
    record.shadow = {"outcome": "same", "detail": "1 step", "seconds": 0.5}
    texts = {
        "ci-port.json": json.dumps(config),
        "diffed_port.py": PORT,
        "cases.jsonl": CASES,
        "rollout.toml": ROLLOUT,
        "waivers.toml": WAIVERS,
        "plans.jsonl": plan + "\n" + plan.replace('"a"', '"b"') + "\n",
        "records.jsonl": record.line(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    with Store(folder / "e.db", create=True) as store:
        store.add([read_record(record.line(), "x")])
    ended(lambda: program(["inventory", "--trace", "--update", *CONFIG]), folder, {})
    ended(lambda: program(["parity", "--report", "report.json", *CONFIG]), folder, {})


# What is done to a file. Each takes its bytes and returns others; `SURELY` are those that no reader may take for good.


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return b"\x00"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _hole(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.randrange(20) :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at : at + 40] + data[at:]


ODD = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\\ud800", b"\xed\xa0\x80", b"1e999", b"NaN", b"-Infinity"),
    *(
        b"9" * 5000,
        b"1" + b"0" * 30,
        b"[" * 3000,
        b'{"a":' * 3000,
        b"\x1b[31m",
        b"\xe2\x80\xa8",
        b'"',
        b"\\",
        b"\x7f",
        b"'",
    ),
    *(b"$(", b"`", b"<<E\n", b"{" * 50, b"null", b"true", b"\xf0\x9f\x98\x80", b"%s%n", b"{0.__class__}", b"\n\n\n"),
)


def _inserted(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(ODD) + data[at:]


VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**70,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    {},
    [[]],
    [1],
    ["x"],
    {"": ""},
    {"x": None},
    "a" * 9999,
)


def _revalued(data: bytes, chance: random.Random) -> bytes:
    """Put an odd value at some place of JSON; text that is none is only cut."""
    lines = data.split(b"\n")
    number = chance.randrange(len(lines))
    try:
        value = json.loads(data if len(lines) <= 1 or (data[:1] == b"{" and lines[0] == b"{") else lines[number])
    except ValueError:
        return _cut(data, chance)
    changed = _replaced(value, chance)
    text = json.dumps(changed).encode()
    if len(lines) <= 1 or lines[0] == b"{":
        return text
    return b"\n".join([*lines[:number], text, *lines[number + 1 :]])


def _replaced(value: object, chance: random.Random) -> object:
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(list(value))
        kind = chance.random()
        if kind < 0.15:
            return {other: inner for other, inner in value.items() if other != name}
        if kind < 0.3:
            return {**value, chance.choice(("x", "", "\0", name + " ")): value[name]}
        return {**value, name: _replaced(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        return [*value[:at], _replaced(value[at], chance), *value[at + 1 :]]
    return chance.choice(VALUES)


CHANGES: Mapping[str, Callable[[bytes, random.Random], bytes]] = {
    "flipped": _flip,
    "cut": _cut,
    "hole": _hole,
    "doubled": _doubled,
    "inserted": _inserted,
    "inserted twice": lambda data, chance: _inserted(_inserted(data, chance), chance),
    "revalued": _revalued,
}
SURELY: Mapping[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n\t\n",
    "not UTF-8": b"\xff\xfe\xfa" * 20,
    "deep": b"[" * 100_000,
    "deeper": b'{"a":' * 100_000,
    "a number": b"9" * 5000,
    "NULs": b"\x00" * 500,
    "packed": b"\x1f\x8b\x08\x00",
}
TAKES_ANYTHING = frozenset(("scripts/test.sh",))
"""What may hold nothing, and still be what it should be."""

# What stands in the place of a file.


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    import socket

    with contextlib.closing(socket.socket(socket.AF_UNIX)) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # its name has little room
        one.bind(path.name)
        os.chdir(here)


PLACES: Mapping[str, Callable[[Path], None]] = {
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a fifo": _fifo,
    "a link to itself": _loop,
    "a link to nowhere": lambda path: path.symlink_to("nowhere/at/all"),
    "a socket": _socket,
    "a link to a device": lambda path: path.symlink_to("/dev/null"),
    "a link to /proc": lambda path: path.symlink_to("/proc/self/mem"),
}

# What is done to a command line and to the environment.

WORDS = (
    *("", " ", "-", "--", "-x", "--nonsense", "--jobs=0", "--jobs=-1", "--jobs=x", "--jobs=99999999999999999999", "/"),
    *(
        "/dev/null",
        "/proc/self/mem",
        "/nowhere/x",
        "ci-port.json",
        ".",
        "..",
        "\udcff",
        "\x1b[31m",
        "a" * 5000,
        "=x",
        "A",
    ),
    *(
        "A=\udcff",
        "--env",
        "--format",
        "--format=nothing",
        "--config",
        "--config=",
        "--world=cases.jsonl",
        "--script=.",
    ),
    *("--cases=-", "--help", "--port=x", "--port=x:", "--port=os:getcwd", "--port=:main", "--port=diffed_port:nothing"),
    *("1" * 5000, "{", "*", "~", "--days=0", "--days=-1", "--phase", "--side=left", "-o", "-o=/dev/full", "--version"),
)
ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    *({"COLUMNS": value} for value in ("", "0", "-1", "x", "9" * 30, "1")),
    *({"TERM": value} for value in ("", "dumb", "\udcff")),
    *({"PYTHONIOENCODING": value} for value in ("ascii", "utf-16", "nonsense")),
    *({"LANG": value, "LC_ALL": value} for value in ("C", "tr_TR.UTF-8", "nonsense")),
    *({"HOME": value} for value in ("", "/dev/null/home", "/proc", "\udcff", "relative")),
    *({"TMPDIR": value} for value in ("/dev/null/tmp", "/proc", "")),
    *({"XDG_CACHE_HOME": value} for value in ("/proc", "\udcff", "relative", "")),
    {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    *({"CI_PORT_EVIDENCE": value} for value in ("", "/proc/x", "\udcff")),
    *({"CI_PORT_RECORD": value} for value in ("", "/proc/x", "/", "\udcff")),
    *({"GITHUB_STEP_SUMMARY": value} for value in ("", "/proc/x", "/")),
    *({"CC": value} for value in ("", "/nonexistent", "false")),
    *({"PATH": value} for value in ("", "/nonexistent", ".:\udcff")),
    *({"CI_PORT_COMMAND": value} for value in ("", "\x1b[31m", "\udcff")),
    *({"SUITE": value} for value in ("", "\udcff", "\x1b", "$(x)", "a" * 100_000)),
    {"CI_PORT_DEBUG": ""},
)


@dataclass(frozen=True)
class Bad:
    """One input: a command that works, and what was done. `surely`: whoever takes it for good is wrong."""

    good: Good
    what: str
    words: tuple[str, ...]
    place: Callable[[Path], None] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    surely: bool = False


def inputs(seed: int, first: int, count: int) -> Iterator[tuple[int, Bad]]:
    """Yield some inputs by number; an input depends on seed and number alone."""
    for number in range(first, first + count):
        yield number, _input(random.Random(f"{seed}/{number}"))


def _input(chance: random.Random) -> Bad:
    goods = [good for good in GOODS for _ in range(1 if good.command in SLOW else 4)]
    good = chance.choice(goods)
    kind = chance.random()
    if kind < 0.7 and good.reads:
        return _bad_file(good, chance)
    if kind < 0.9:
        words = list(good.words)
        for _ in range(chance.randint(1, 2)):
            how, at = chance.random(), chance.randrange(1, len(words) + 1)
            if how < 0.3 and at < len(words):
                del words[at]
            elif how < 0.6 and at < len(words):
                words[at] = chance.choice(WORDS)
            else:
                words.insert(at, chance.choice(WORDS))
        if good.command == "lock":  # whatever it is told before, the lock of the package is not what it writes
            words += ["--output", "lock.json"]
        return Bad(good, f"words {words}", tuple(words))
    env = chance.choice(ENVIRONMENTS)
    return Bad(good, f"environment { {name: value[:40] for name, value in env.items()} }", good.words, env=env)


def _bad_file(good: Good, chance: random.Random) -> Bad:
    name, how = chance.choice(good.reads), chance.random()
    if how < 0.15:
        place = chance.choice(list(PLACES))
        put = PLACES[place]

        def replace(folder: Path) -> None:
            (folder / name).unlink()
            put(folder / name)

        # A link to a device reads as nothing, which is a script like any other.
        surely = not (name in TAKES_ANYTHING and "device" in place) and not (name == "e.db" and "add" in good.words)
        return Bad(good, f"{name}: {place}", good.words, replace, surely=surely and good.status == 0)
    if how < 0.3:
        which = chance.choice(list(SURELY))
        surely = name not in TAKES_ANYTHING and not (
            name in ("e.db", "diffed_port.py") and which in ("nothing", "blanks")
        )
        content = SURELY[which]
        return Bad(good, f"{name}: {which}", good.words, lambda folder: _write(folder / name, content), surely=surely)
    change = chance.choice(list(CHANGES))
    seed = chance.random()

    def alter(folder: Path) -> None:
        path = folder / name
        _write(path, CHANGES[change](path.read_bytes(), random.Random(seed)))

    return Bad(good, f"{name}: {change} {seed}", good.words, alter)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


# Running them.


@dataclass(frozen=True)
class Ran:
    """How a command ended (None: it did not), and what it said."""

    status: int | None
    out: str
    err: str


def ended(call: Callable[[], int], folder: Path, env: Mapping[str, str]) -> Ran:
    """Call something in a process of its own in a folder."""
    out, err = folder / ".out", folder / ".err"
    pid = os.fork()
    if not pid:
        _become(call, folder, env, out, err)
    deadline = time.monotonic() + PATIENCE
    while (found := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return Ran(None, out.read_text(errors="replace"), err.read_text(errors="replace"))
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(found[1])
    return Ran(status, out.read_text(errors="replace"), err.read_text(errors="replace"))


def _become(call: Callable[[], int], folder: Path, env: Mapping[str, str], out: Path, err: Path) -> None:
    status: object = 99
    try:
        os.setsid()
        os.chdir(folder)
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.path.insert(0, str(folder))
        # What is remembered between runs is remembered in the folder.
        os.environ.update({"HOME": str(folder), "XDG_CACHE_HOME": str(folder / ".cache"), **env})
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        status = call()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001  # whatever it is, it is what is looked for
        import traceback

        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(status if isinstance(status, int) else 99)


def problem_of(bad: Bad, ran: Ran) -> str:
    """Return what is wrong with how an input was taken; empty if nothing is."""
    said = ran.out + ran.err
    if ran.status is None:
        return f"did not end in {PATIENCE:.0f} seconds"
    if "Traceback (most recent call last)" in said or "fault of ci-port" in said:
        return "a traceback"
    if ran.status not in STATUSES and not (bad.good.command == "run" and ran.status == NO_SCRIPT):
        return f"status {ran.status}"
    if ran.status and not said.strip():
        return f"status {ran.status} without a word"
    if bad.surely and ran.status == 0:
        return "taken for good"
    return ""


def run(seed: int, first: int, count: int) -> Iterator[dict[str, object]]:
    """Run inputs; yield those that were taken in a wrong way."""
    with tempfile.TemporaryDirectory(prefix="ci-port-bad-") as scratch:
        good = Path(scratch, "good")
        good.mkdir()
        make(good)
        for number, bad in inputs(seed, first, count):
            folder = Path(scratch, "one")
            shutil.copytree(good, folder, symlinks=True)
            if bad.place:
                bad.place(folder)
            ran = ended(partial(program, list(bad.words)), folder, bad.env)
            if problem := problem_of(bad, ran):
                yield {
                    "number": number,
                    "words": [word[:100] for word in bad.words],
                    "what": bad.what[:300],
                    "problem": problem,
                    "status": ran.status,
                    "said": (ran.out + ran.err)[-1500:],
                }
            shutil.rmtree(folder, ignore_errors=True)


def good_statuses() -> list[tuple[Good, Ran]]:
    """Run every good command line as it is."""
    with tempfile.TemporaryDirectory(prefix="ci-port-good-") as scratch:
        good = Path(scratch, "good")
        good.mkdir()
        make(good)
        found = []
        for one in GOODS:
            folder = Path(scratch, "one")
            shutil.copytree(good, folder)
            found.append((one, ended(partial(program, list(one.words)), folder, {})))
            shutil.rmtree(folder)
        return found


def main() -> None:
    """Run what the command line says."""
    for name in COMMANDS:  # imported once, before anything is forked
        parser([name.name])
    if sys.argv[1] == "good":
        for one, ran in good_statuses():
            print(
                json.dumps({"words": one.words, "expected": one.status, "status": ran.status, "said": ran.err[-500:]})
            )
        return
    seed, first, count = map(int, sys.argv[1:])
    for problem in run(seed, first, count):
        print(json.dumps(problem), flush=True)


if __name__ == "__main__":
    main()
