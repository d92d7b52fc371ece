"""The table of commands: what the help is made of, and that a command costs only its own start."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import ci_port.cli
from ci_port.cli.commands import COMMANDS, Command, parser

ROOM = Path(ci_port.cli.__file__).resolve().parent
NAMES = [command.name for command in COMMANDS]
MOST_LINES = 150


def loaded(*words: str) -> set[str]:
    """Return the modules of the room that a command line loads, in a Python without any packages."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOM.parents[1])!r}); from ci_port.cli import main; "
        f"status = main({list(words)!r}); "
        "print(*sorted(n.rpartition('.')[2] for n in sys.modules if n.startswith('ci_port.cli.')), file=sys.stderr); "
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_help_loads_no_command(words: list[str]) -> None:
    assert loaded(*words).isdisjoint(command.module for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_command_loads_itself_alone_and_needs_no_package(command: Command) -> None:
    assert loaded(command.name, "--help") & {other.module for other in COMMANDS} == {command.module}


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_a_module_has_what_the_table_asks_for(command: Command) -> None:
    module = importlib.import_module(f"ci_port.cli.{command.module}")
    assert module.ABOUT.endswith((".", ".\n"))
    assert "examples:\n" in module.EXAMPLES
    assert "{prog}" in module.EXAMPLES
    assert callable(module.add)
    assert callable(module.run)


def test_the_help_is_the_table() -> None:
    shown = " ".join(parser([]).format_help().split())
    assert all(f" {command.name} {command.help}" in shown for command in COMMANDS)
    assert len(set(NAMES)) == len(NAMES)


def test_only_the_command_that_is_called_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser(["plan"]).parse_args(["plan", "--impl", "shell"]).impl == "shell"
    with pytest.raises(SystemExit):
        parser(["parity"]).parse_args(["plan", "--impl", "shell"])
    assert "unrecognized arguments: --impl shell" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_the_room_stays_thin(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES, "what a command does belongs into the room that knows it"
