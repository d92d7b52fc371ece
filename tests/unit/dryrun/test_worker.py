"""The sandboxed process, asked over the wire as a recorder asks it."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ci_port.dryrun import build, programs, wire
from ci_port.dryrun.limits import Limits
from ci_port.dryrun.own_files import own_files
from ci_port.dryrun.scratch import Scratch
from ci_port.dryrun.worker import Setup
from ci_port.model import Case, World


def ask(setup: Setup, requests: Sequence[Case], code: str = "") -> list[Mapping[str, Any]]:
    """Return the answers of a worker; `code` changes something in it first."""
    command = [sys.executable, "-c", f"{code}\nfrom ci_port.dryrun import worker; worker.main()"]
    answers: list[Mapping[str, Any]] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for request in (setup, *requests):
            with contextlib.suppress(BrokenPipeError):
                wire.send(process.stdin, pickle.dumps(request))  # type: ignore[arg-type]
            if (answer := wire.receive(process.stdout)) is None:  # type: ignore[arg-type]
                break
            answers.append(json.loads(answer))
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        assert process.wait() == 0
    return answers


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A script that runs one command."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "script.sh").write_text("run here\nrun there >log\n", encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    bash = programs.find_bash()
    world = World("/w", "/bin", scripts="ci")
    return Setup(
        scratch=Scratch(str(tmp_path / "scratch")),
        script="script.sh",
        directory=str(tmp_path / "scripts"),
        own=own_files(tmp_path / "scripts" / "script.sh", world),
        world=world,
        limits=Limits(),
        bash=bash,
        library=str(build.locate()),
        tools={},
        loaders=(programs.loader_of(bash),),
    )


def test_a_worker_says_that_it_is_ready_and_answers_each_case(setup: Setup) -> None:
    ready, first, second = ask(setup, [Case("one", ()), Case("two", (("A", "1"),))])
    assert ready == {"problem": ""}
    assert [step["argv"] for step in first["plan"]["steps"]] == [["run", "here"], ["run", "there"]]
    assert [place[1] for place in first["places"]] == [1, 2]
    assert [question["what"] for question in second["asked"]] == ["status", "status"]


def test_nothing_of_the_scratch_directory_stays(setup: Setup) -> None:
    ask(setup, [Case("one", ())])
    assert not list(Path(setup.scratch.path).glob("*"))


def test_a_sandbox_that_cannot_be_set_up_is_a_problem(setup: Setup) -> None:
    code = """
from ci_port.dryrun import landlock
def restrict(**_): raise OSError("no Landlock here")
landlock.restrict = restrict
"""
    assert ask(setup, [Case("never asked", ())], code) == [
        {"problem": "the sandbox cannot be set up: no Landlock here"}
    ]


def test_an_error_has_its_place(setup: Setup, tmp_path: Path) -> None:
    (tmp_path / "scripts" / "script.sh").write_text("f() {\n  kill -9 1\n}\nf\n", encoding="utf-8")
    _, answer = ask(setup, [Case("one", ())])
    assert answer["place"] == [f"{tmp_path}/scripts/script.sh", 2, ["f"]]
    assert answer["command"] == "kill -9 1"
