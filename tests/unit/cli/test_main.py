"""The command line as a whole: help, errors, endings. The last ones run it as a program, on the real recorder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from ci_port.cli import main
from ci_port.model.errors import CannotRun
from ci_port.project import sides
from tests.unit.project.project_on_disk import ProjectOnDisk

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["examples:", "ci-port parity", "exit status:", "3  this machine cannot run it"]),
        (
            ["plan", "--help"],
            ["--impl {shell,python}", "ci-port plan --impl python --cases", '{"id":...,"plan"'],
        ),
        (["parity", "--help"], ["not ported", "--report FILE", "ci-port parity --format json | jq .counts"]),
        (["--version"], ["ci-port 0.1.0"]),
    ],
)
def test_help_teaches_and_succeeds(arguments: list[str], words: list[str], capsys: Capture) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert [word for word in words if word not in out] == []
    assert err == ""


def test_help_shows_the_command_as_it_was_called(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_PORT_COMMAND", "tools/ci-port")
    main(["parity", "--help"])
    assert "  tools/ci-port parity --cases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["plan"], "the following arguments are required: --impl"),
        (["plan", "--impl", "perl"], "invalid choice: 'perl'"),
        (["plan", "--impl", "shell", "--env", "A"], "--env is written NAME=VALUE, found 'A'"),
        (["plan", "--impl", "shell", "--env", "=x"], "not a variable name: ''"),
        (["plan", "--impl", "shell", "--env", "A=1", "--unset", "A"], "A is both set and unset"),
        (["plan", "--impl", "shell", "--unset", "A=1"], "not a variable name: 'A=1'"),
        (["plan", "--impl", "shell", "--jobs", "0"], "a number from 1 is expected, found '0'"),
        (["plan", "--impl", "shell", "--script", "/no/test.sh"], "there is no script /no/test.sh"),
        (["plan", "--impl", "python", "--port", "nowhere"], "--port is written module:function"),
        (["plan", "--impl", "python", "--port", "no.where:main"], "No module named 'no'"),
        (["plan", "--impl", "python", "--port", "json:main"], "the module json has no function main"),
        (["plan", "--impl", "shell", "--world", "/no/world.json"], "/no/world.json:1: cannot be read: No such file"),
        (["plan", "--impl", "shell", "--cases", "/no/cases"], "/no/cases:1: cannot be read: No such file"),
        (["plan", "--impl", "shell", "--config", "/no/config"], "/no/config:1: cannot be read: No such file"),
        (["parity", "--format", "jsonl"], "invalid choice: 'jsonl'"),
    ],
)
def test_usage_errors_are_one_clear_sentence_and_status_2(arguments: list[str], problem: str, capsys: Capture) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert problem in err
    assert out == ""
    assert "Traceback" not in err


def test_malformed_data_names_file_line_and_field(project: ProjectOnDisk, capsys: Capture) -> None:
    cases = project.write("cases.jsonl", '{"id":"a","env":{}}\n{"id":"b","env":{"X":1}}\n')
    assert main(["parity", "--cases", str(cases), *project.flags]) == 2
    assert capsys.readouterr().err == f"ci-port: {cases}:2: field env.X: a string is expected, found a number\n"


def test_a_machine_that_cannot_run_it_is_status_3(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*arguments: object) -> object:
        raise CannotRun("The recorder needs a C compiler: install gcc and try again.")

    monkeypatch.setattr(sides, "shell_side", cannot)
    assert main(["plan", "--impl", "shell", *project.flags]) == 3
    assert capsys.readouterr() == ("", "ci-port: The recorder needs a C compiler: install gcc and try again.\n")


def test_ctrl_c_is_status_130(project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(sides, "shell_side", interrupted)
    assert main(["plan", "--impl", "shell", *project.flags]) == 130
    assert capsys.readouterr().err == "ci-port: interrupted\n"


def start(arguments: Sequence[str], **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ci_port", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload,no-any-return]


def test_a_real_script_under_the_real_recorder(project: ProjectOnDisk) -> None:
    program = start(["plan", "--impl", "shell", "--env", "SUITE=unit", "--format", "json", *project.flags])
    out, err = program.communicate(timeout=60)
    assert (program.returncode, err) == (0, "")
    assert [step["argv"] for step in json.loads(out)["steps"]] == [
        ["nproc"],
        ["python", "run.py", "--suite", "unit", "--jobs", "8"],
    ]
    assert json.loads(out)["steps"][0]["stdout"] == "pipe"


def test_text_of_a_real_script_names_its_lines(project: ProjectOnDisk) -> None:
    program = start(["plan", "--impl", "shell", "--env", "SUITE=unit", *project.flags], cwd=project.root)
    out, _ = program.communicate(timeout=60)
    first, second, last = out.splitlines()
    assert first.startswith("1  nproc |")
    assert first.endswith("scripts/test.sh:4 in run_suite")
    assert second.startswith("2  python run.py --suite unit --jobs 8 ")
    assert second.endswith("scripts/test.sh:4 in run_suite")
    assert last == "exit 0"


def test_a_reader_that_goes_away_ends_it_quietly(project: ProjectOnDisk) -> None:
    cases = project.write("cases.jsonl", "\n".join(json.dumps({"id": f"c{n}", "env": {}}) for n in range(3000)))
    program = start(["plan", "--impl", "shell", "--cases", str(cases), *project.flags])
    assert program.stdout is not None
    assert program.stderr is not None
    assert json.loads(program.stdout.readline())["id"] == "c0"
    program.stdout.close()
    assert program.wait(timeout=60) == 141
    assert program.stderr.read() == ""
    program.stderr.close()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_cleanly_in_the_midst(project: ProjectOnDisk, number: int, status: int) -> None:
    cases = project.write("cases.jsonl", "\n".join(json.dumps({"id": f"c{n}", "env": {}}) for n in range(5000)))
    program = start(["plan", "--impl", "shell", "--cases", str(cases), *project.flags], start_new_session=True)
    assert program.stdout is not None
    program.stdout.readline()
    # To the whole foreground group, as a terminal does it.
    os.killpg(program.pid, number)
    _, err = program.communicate(timeout=60)
    assert program.returncode == status
    assert "Traceback" not in err
    deadline = time.monotonic() + 20
    while group_lives(program.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not group_lives(program.pid)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
