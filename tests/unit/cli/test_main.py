"""The command line as a whole: help, errors, endings. The last ones run it as a program, on the real recorder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import ci_port
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
        (["evidence", "show", "--days", "-5"], "a number of days from 1 to 99,999 is expected, found '-5'"),
        (["evidence", "show", "--days", "0"], "a number of days from 1 to 99,999 is expected, found '0'"),
        (["evidence", "show", "--days", "123456"], "a number of days from 1 to 99,999 is expected, found '123456'"),
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
    problem = f"{cases}:2: field env.X: a string is expected, found a number"
    assert main(["plan", "--impl", "python", "--cases", str(cases), "--format", "text", *project.flags]) == 4
    out, err = capsys.readouterr()
    assert out.startswith("a\n")
    assert err.startswith(f"refused: {problem}\n")
    cases.write_text('{"id":"b","env":{"X":1}}\n')
    assert main(["parity", "--cases", str(cases), *project.flags]) == 2
    assert capsys.readouterr().err == f"ci-port: {problem.replace(':2:', ':1:')}\n"


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


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ValueError("odd\nthing"), 70, "this is a fault of ci-port, not of what it was given: ValueError: odd thing ("),
        (RecursionError("deep"), 70, "--version` says; CI_PORT_DEBUG=1 shows all of it"),
        (OSError(28, "No space left on device", "/x"), 3, "this machine did not let it: No space left on device: /x"),
        (MemoryError(), 3, "this machine did not let it: there is not enough memory"),
    ],
)
def test_what_nobody_foresaw_is_one_line_too(
    error: Exception, status: int, words: str, project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> object:
        raise error

    monkeypatch.setattr(sides, "shell_side", fails)
    assert main(["plan", "--impl", "shell", *project.flags]) == status
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err
    monkeypatch.setenv("CI_PORT_DEBUG", "1")
    main(["plan", "--impl", "shell", *project.flags])
    assert ("Traceback" in capsys.readouterr().err) == (status == 70)


@pytest.mark.parametrize("command", ["parity", "lock"])
@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("import sys\ndef main(sh):\n    sys.exit(0)\n", {"parity": 4, "lock": 1}, "ends the whole process"),
        ("import os\ndef main(sh):\n    os._exit(0)\n", {"parity": 4, "lock": 1}, "ends the whole process"),
        ("import sys\nsys.exit(0)\n", {"parity": 2, "lock": 2}, "cannot be imported: SystemExit: 0"),
        ("import os\nos._exit(0)\n", {"parity": 2, "lock": 2}, "cannot be imported: RunFailed: "),
        ("def main(sh:\n", {"parity": 2, "lock": 2}, "cannot be imported: SyntaxError: "),
        ("1 / 0\n", {"parity": 2, "lock": 2}, "cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_a_port_that_ends_the_process_is_no_success(
    command: str, text: str, status: dict[str, int], words: str, project: ProjectOnDisk
) -> None:
    project.write("ending.py", text)
    program = start([command, *project.flags, "--port", "ending:main"], cwd=project.root)
    out, err = program.communicate(timeout=60)
    assert program.returncode == status[command]
    assert (words if status["parity"] == 2 or command == "parity" else "so the lock stays as it is") in out + err
    assert "Traceback" not in err


def test_without_standard_output_nothing_is_done(project: ProjectOnDisk) -> None:
    command = [sys.executable, "-m", "ci_port", "plan", "--impl", "shell", *project.flags]
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "ci-port: standard output is closed, and there is nowhere to print to\n"


def start(arguments: Sequence[str], **more: object) -> subprocess.Popen[str]:
    # This checkout's package, wherever the command starts, and whatever else this Python may import by that name.
    more["env"] = {**os.environ, "PYTHONPATH": str(Path(ci_port.__file__).parents[1])}
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
