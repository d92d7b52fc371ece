"""What the files of one shell say about all that runs in it."""

from __future__ import annotations

import pytest

from ci_port.shell.positions import File
from ci_port.shell.shell_files import ShellFiles
from tests.unit.shell.courses import decides


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("true", True),
        (": a b", True),
        ("{ :; true; }", True),
        ("( : )", True),
        ("true # so", True),
        ("false", False),
        ("! true", False),
        ("true | true", False),
        ("true $x", False),
        ("x=1 true", False),
        ("true > f", False),
        ("{ true; } > f", False),
        ("{ true && a; }", False),
        ("echo", False),
        ("[[ a ]]", False),
        ("x=1", False),
    ],
)
def test_what_does_nothing(text: str, want: bool) -> None:
    file = File(text)
    assert ShellFiles({"": file}, {}).nothing(file.script.lines[0].terms[0]) is want


def test_a_function_may_do_something_in_the_name_of_nothing() -> None:
    file = File("true() { a; }; true")
    assert not ShellFiles({"": file}, {}).nothing(file.script.lines[1].terms[0])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("#!/bin/bash -eu\n", True),
        ("#!/bin/bash\n# -e\n", False),
        ("set -e", True),
        ("set -x -ue", True),
        ("set -x -o errexit", True),
        ("set -euo pipefail", True),
        ("set +e", False),
        ("set -x", False),
        ("set -- -x", False),
    ],
)
def test_whether_a_script_stops_at_what_fails(text: str, want: bool) -> None:
    assert ShellFiles({"": File(text)}, {}).stops is want


def test_options_of_the_shell_around_are_not_those_inside() -> None:
    assert not decides("(a; b); rc=$?", "a", errexit=True)
    assert decides("(set -e; a; b); rc=$?", "a", errexit=True)
    assert not decides("(f; a | b) || c", "a", pipefail=False)
    assert decides("set -o pipefail; (set +o pipefail; a) | b || c", "a", pipefail=False)
