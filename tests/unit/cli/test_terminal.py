"""Colour and progress appear on a terminal and nowhere else; a real terminal (a pty) is asked."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.cli.terminal import Progress, is_terminal, style_for, width_of
from tests.unit.project.project_on_disk import ProjectOnDisk


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "variables", "colour"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_without_no_color(
    stream: io.StringIO, variables: dict[str, str], colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert style_for(stream).colour is colour


def test_width_is_fixed_away_from_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert width_of(io.StringIO()) == 120
    monkeypatch.setenv("COLUMNS", "90")
    assert width_of(io.StringIO()) == 90
    monkeypatch.setenv("COLUMNS", "10")
    assert width_of(io.StringIO()) == 60


def test_progress_is_shown_on_a_terminal_and_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(2, "cases") as progress:
        progress.update(1, ", 1 not the same")
        progress.update(2)
    shown = terminal.getvalue()
    assert "1/2 cases, 1 not the same" in shown
    assert "2/2 cases" in shown
    assert shown.endswith("\r\x1b[K")
    assert is_terminal(terminal)


def test_progress_is_silent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(2, "cases") as progress:
        progress.update(1)
    assert stream.getvalue() == ""


def test_results_alone_are_on_stdout_while_stderr_is_a_terminal(project: ProjectOnDisk, tmp_path: Path) -> None:
    cases = project.write("cases.jsonl", "\n".join(json.dumps({"id": f"c{n}", "env": {}}) for n in range(20)))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ci_port", "plan", "--impl", "shell", "--cases", str(cases), *project.flags]
    with (tmp_path / "out").open("wb") as out:
        program = subprocess.Popen(command, stdout=out, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = read_all(ours)
    assert program.wait(timeout=60) == 0
    assert b"20/20 cases" in shown
    assert shown.endswith(b"\r\x1b[K")
    lines = (tmp_path / "out").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"c{number}" for number in range(20)]


def read_all(descriptor: int) -> bytes:
    data = b""
    try:
        while piece := os.read(descriptor, 65536):
            data += piece
    except OSError:  # a terminal whose other end has closed
        pass
    finally:
        os.close(descriptor)
    return data
