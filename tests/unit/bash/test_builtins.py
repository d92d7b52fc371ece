"""The builtins and their groups; bash is the judge."""

from __future__ import annotations

import subprocess

from ci_port.bash.builtins import ASSIGNING, BUILTINS, DECLARING, LEAVING
from tests.unit.bash.real import BASH


def test_the_builtins_are_those_of_bash() -> None:
    said = subprocess.run([BASH, "-c", "compgen -b"], capture_output=True, text=True, check=True).stdout
    assert {*said.split()} == BUILTINS


def test_only_assigning_builtins_take_an_array() -> None:
    def takes(word: str) -> bool:
        command = [BASH, "-nc", f"{word} a=(1)"]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    assert {word for word in {*BUILTINS, "ls"} if takes(word)} == ASSIGNING


def test_groups_are_made_of_builtins() -> None:
    assert DECLARING < ASSIGNING < BUILTINS
    assert LEAVING < BUILTINS
