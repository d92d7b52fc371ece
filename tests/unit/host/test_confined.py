"""What a port does past its session is refused, with its place, and nothing of it happens."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port.host import Session, observe
from ci_port.host.confined import imported
from ci_port.model import Case, Observation, RunFailed, World
from ci_port.model.errors import Terminated

Act = Callable[[Path], object]

ACTS: dict[str, tuple[Act, str]] = {
    "sys.exit": (lambda _: sys.exit(0), r"ends the whole process \(SystemExit\(0\)\)"),
    "os._exit": (lambda _: os._exit(0), r"ends the whole process \(os\._exit\(0\)\)"),
    "a program": (lambda _: subprocess.run(["true"], check=True), r"subprocess\.Popen: 'true'"),
    "a shell": (lambda path: os.system(f"touch {path}"), r"os\.system: "),
    "another program": (lambda _: os.execv("/bin/true", ["true"]), r"os\.exec: '/bin/true'"),
    "a process": (lambda _: os.fork(), r"os\.fork"),
    "a thread": (lambda path: threading.Thread(target=path.touch).start(), r"starts a thread"),
    "a file": (lambda path: path.write_text(""), r"open: "),
    "a directory": (lambda path: path.mkdir(), r"os\.mkdir: "),
    "a link": (lambda path: path.symlink_to("x"), r"os\.symlink: "),
    "a file that goes": (lambda path: (path.parent / "stays").unlink(), r"os\.remove: "),
    "a name": (lambda path: (path.parent / "stays").rename(path), r"os\.rename: "),
    "a mode": (lambda path: (path.parent / "stays").chmod(0), r"os\.chmod: "),
    "a variable": (lambda path: os.environ.update(MARK=str(path)), r"os\.putenv: "),
    "a variable that goes": (lambda _: os.environ.pop("HOME"), r"os\.unsetenv: "),
    "another folder": (lambda path: os.chdir(path.parent), r"os\.chdir: "),
    "a signal": (lambda _: os.kill(os.getpid(), 0), r"os\.kill: "),
    "a connection": (lambda _: socket.socket(), r"socket\.__new__"),
}
"""What a port may try, with a path where nothing stands; and what is said of it."""


def observed(program: Callable[[Session], object], world: World) -> Observation:
    """Return what is observed of a program."""

    def port(sh: Session) -> None:
        sh.run("before")
        program(sh)

    return observe(port, world, Case("case", ()))


@pytest.mark.parametrize("name", ACTS)
def test_what_acts_on_the_machine_is_refused_and_does_not_happen(name: str, world: World, tmp_path: Path) -> None:
    (tmp_path / "stays").touch()
    around = dict(os.environ), os.getcwd()
    act, words = ACTS[name]
    with pytest.raises(RunFailed, match=words) as raised:
        observed(lambda _: act(tmp_path / "mark"), world)
    assert raised.value.place is not None
    assert raised.value.place.file == __file__
    assert [entry.name for entry in tmp_path.iterdir()] == ["stays"]
    assert (tmp_path / "stays").stat().st_mode & 0o400
    assert (dict(os.environ), os.getcwd()) == around


def test_a_port_that_catches_its_refusal_has_no_plan_all_the_same(world: World, tmp_path: Path) -> None:
    def program(sh: Session) -> None:
        try:
            (tmp_path / "mark").touch()
        except Exception:  # noqa: BLE001  # as a port does that thinks of itself
            sh.run("instead")

    with pytest.raises(RunFailed, match="acts on the machine itself"):
        observed(program, world)
    assert not (tmp_path / "mark").exists()


def test_what_only_looks_is_no_matter(world: World, tmp_path: Path) -> None:
    (tmp_path / "stays").write_text("text")
    assert observed(lambda sh: sh.run((tmp_path / "stays").read_text()), world).plan.steps[1:]


def test_a_port_prints_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    observed(lambda _: print("noise"), world)
    print("result")
    assert capsys.readouterr().out == "result\n"


def test_what_ends_this_process_from_outside_ends_it(world: World) -> None:
    def interrupted(_: Session) -> None:
        raise Terminated(143)

    with pytest.raises(Terminated):
        observed(interrupted, world)


def test_afterwards_everything_is_allowed_again(world: World, tmp_path: Path) -> None:
    with pytest.raises(RunFailed):
        observed(lambda _: sys.exit(), world)
    (tmp_path / "mark").touch()
    assert subprocess.run(["true"], check=True).returncode == 0


def test_an_import_may_do_no_more(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=re.escape("os.mkdir")), imported():
        (tmp_path / "mark").mkdir()


def test_a_module_that_a_port_imports_late_is_compiled_and_kept(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imported_late_by_a_port.py").write_text("WORD = 'late'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    def program(sh: Session) -> None:
        import importlib

        sh.run(importlib.import_module("imported_late_by_a_port").WORD)

    assert len(observed(program, world).plan.steps) == 2
    assert list((tmp_path / "__pycache__").iterdir())
