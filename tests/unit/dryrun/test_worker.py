"""The sandboxed process, asked over the wire as a recorder asks it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ci_port.dryrun import build, layout, programs, wire
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


def test_a_bash_that_does_not_show_its_commands_is_refused_where_they_are_asked_for(setup: Setup) -> None:
    hidden = "from ci_port.dryrun.control import Control\nControl.shows_commands = False"
    (refused,) = ask(dataclasses.replace(setup, courses=True), [], hidden)
    assert refused == {"problem": f"{setup.bash} does not show which commands it starts"}
    assert ask(setup, [], hidden) == [{"problem": ""}]


def test_a_worker_says_that_it_is_ready_and_answers_each_case(setup: Setup) -> None:
    ready, first, second = ask(setup, [Case("one", ()), Case("two", (("A", "1"),))])
    assert ready == {"problem": ""}
    assert [step["argv"] for step in first["plan"]["steps"]] == [["run", "here"], ["run", "there"]]
    assert [place[1] for place in first["places"]] == [1, 2]
    assert [(each["what"], each["subject"], each["place"][1]) for each in second["asked"]] == [
        ("status", ["run", "here"], 1),
        ("status", ["run", "there"], 2),
    ]
    assert second["asked"][0]["decider"] == {
        "argv": ["run", "here"],
        "frames": [[f"{setup.directory}/script.sh", 1, "main"]],
        "errexit": False,
        "pipefail": False,
    }
    assert [second[name] for name in ("remarks", "messages", "output", "files")] == [[], "", "", {}]


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
    script = tmp_path / "scripts" / "script.sh"
    script.write_text("f() {\n  kill -9 1\n}\nf\n", encoding="utf-8")
    _, answer = ask(dataclasses.replace(setup, own=own_files(script, setup.world)), [Case("one", ())])
    assert answer["place"] == [f"{tmp_path}/scripts/script.sh", 2, ["f"]]
    assert answer["command"] == "kill -9 1"


def version_2(setup: Setup, **changes: Any) -> Setup:
    """Return the setup in a world of version 2."""
    world = World("/w", "/bin", scripts="ci", version=2, **changes)
    return dataclasses.replace(setup, world=world, tools={"cat": (programs.find_tool("cat"), layout.TEXT_TOOL)})


def run(setup: Setup, script: str, *cases: Case) -> list[Mapping[str, Any]]:
    """Return the answers to the cases; the script has no first line of its own unless it brings one."""
    path = Path(setup.directory, "script.sh")
    path.write_text(script, encoding="utf-8")
    setup = dataclasses.replace(setup, own=own_files(path, setup.world))
    return ask(setup, cases or [Case("one", ())])[1:]


def words(answer: Mapping[str, Any]) -> list[list[str]]:
    """Return the words of the commands."""
    return [step["argv"] for step in answer["plan"]["steps"]]


def test_a_case_says_how_the_script_is_started(setup: Setup) -> None:
    first, second = run(
        version_2(setup),
        'run "$0" "$@"; run "$(cat)"\n',
        Case("one", (), args=("a b", "")),
        Case("two", (), stdin="fed\n"),
    )
    assert words(first) == [["run", "./ci/script.sh", "a b", ""], ["run", ""]]
    assert [each["what"] for each in first["asked"] if each["what"] != "status"] == ["stdin"]
    assert words(second) == [["run", "./ci/script.sh"], ["run", "fed"]]
    assert {each["what"] for each in second["asked"]} == {"status"}


def test_the_first_line_says_what_starts_it_unless_the_world_does(setup: Setup) -> None:
    script = '#!/bin/sh -e\nrun "$0" "$-" "${SHELLOPTS##*:}"\n'
    (by_itself,) = run(version_2(setup), script)
    assert words(by_itself) == [["run", "./ci/script.sh", "ehB", "posix"]]
    assert by_itself["remarks"] == ["./ci/script.sh is a script for /bin/sh; it is recorded under bash in posix mode"]
    (by_ci,) = run(version_2(setup, shell=("bash", "-u")), script)
    assert words(by_ci) == [["run", "ci/script.sh", "huB", "nounset"]]
    assert by_ci["remarks"] == []


def test_a_script_for_something_else_is_refused_with_its_place(setup: Setup) -> None:
    (answer,) = run(version_2(setup), "#!/usr/bin/python3\nprint(1)\n")
    assert answer == {
        "error": "the script is for /usr/bin/python3, and only scripts for bash and sh can be recorded",
        "place": [f"{setup.directory}/script.sh", 1, []],
    }


def test_a_run_in_version_2_leaves_nothing_to_the_next(setup: Setup) -> None:
    script = "for f in *; do run $f; done\necho x > made; echo y > given; exec 2>err\n"
    first, second = run(version_2(setup, files={"/w/given": "g"}), script, Case("one", ()), Case("two", ()))
    assert first["plan"] == second["plan"]
    assert [step.get("argv") or step["path"] for step in first["plan"]["steps"]] == [
        ["run", "ci"],
        ["run", "given"],
        "made",
        "given",
        "err",
    ]


def test_who_looks_is_shown_what_was_printed_and_what_is_left(setup: Setup) -> None:
    script = "umask 077; echo a > f; : > ci/g; echo out; echo err >&2\n"
    (answer,) = run(dataclasses.replace(version_2(setup), looks=True), script)
    assert (answer["output"], answer["messages"]) == ("out\n", "err\n")
    assert answer["files"]["f"] == ["file", 0o600, "a\n"]
    assert sorted(answer["files"]) == ["ci", "ci/g", "ci/script.sh", "f"]
    assert answer["files"]["ci"][0] == "directory"


def test_each_step_has_its_place_whatever_stands_below_others(setup: Setup) -> None:
    Path(setup.directory, "inner.sh").write_text("one\ntwo\n", encoding="utf-8")
    (answer,) = run(version_2(setup, follow=("ci/*.sh",)), "first\nbash ci/inner.sh\n\nlast\n")
    assert words(answer) == [["first"], ["bash", "ci/inner.sh"], ["last"]]
    assert [step["argv"] for step in answer["plan"]["steps"][1]["steps"]] == [["one"], ["two"]]
    assert [place[1] for place in answer["places"]] == [1, 2, 4]
