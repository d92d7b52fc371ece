"""Small scripts of one line each: the recorder says what real bash does, command for command and file for file.

`scripts/paths.txt` names things in all ways that path_resolution(7) tells apart; `scripts/everyday.txt` are the ways of
CI scripts; `scripts/pipes.txt` writes to who reads and to who does not, with a command `gen` that prints two lines;
`scripts/followed.txt` runs scripts that the world says to follow. In a line, `\\n` is a new line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.real_bash import RealBash
from tests.parity.recorded_bash import RecordedBash, why_not_recorded
from tests.parity.small_scripts import Script, differences

pytestmark = pytest.mark.skipif(bool(why_not_recorded()), reason=why_not_recorded())
SCRIPTS = Path(__file__).with_name("scripts")
RULES = ({"argv": ["gen"], "stdout": "one\ntwo words\n"},)
LINES = [
    pytest.param(line.replace("\\n", "\n"), name == "followed", id=f"{name}:{number}")
    for name in ("paths", "everyday", "pipes", "followed")
    for number, line in enumerate((SCRIPTS / f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1)
]


@pytest.fixture(scope="module")
def recorded_bash() -> Iterator[RecordedBash]:
    """The recorder."""
    with RecordedBash() as recorded:
        yield recorded


@pytest.mark.parametrize(("text", "follow"), LINES)
def test_the_recorder_says_what_bash_does(
    text: str, follow: bool, real_bash: RealBash, recorded_bash: RecordedBash
) -> None:
    script = Script(f"#!/bin/bash\n{text}\n", id="script", rules=RULES, follow=follow)
    assert list(differences(real_bash.run(script), recorded_bash.run(script))) == []
