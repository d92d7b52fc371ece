"""Which traps have a say in what a failing command does."""

from __future__ import annotations

import pytest

from ci_port.shell.asking import Asking
from ci_port.shell.positions import File
from ci_port.shell.traps import Traps, traps_of


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("trap a EXIT", Traps()),
        ("trap 'a $?' EXIT", Traps(ending=True)),
        ("trap 'a $?' 0", Traps(ending=True)),
        ("trap -- 'a $?' SIGINT EXIT", Traps(ending=True)),
        ("trap 'a $?' INT TERM", Traps()),
        ("trap 'a; b $?' EXIT", Traps()),
        ("trap 'exit $?' EXIT", Traps()),
        ("trap a ERR", Traps(failing=True)),
        ("trap a err", Traps(failing=True)),
        ("trap '' ERR", Traps()),
        ("trap - ERR", Traps()),
        ("trap ERR", Traps()),
        ("trap -p ERR EXIT", Traps()),
        ("trap -l", Traps()),
        ("trap 'a $?' RETURN", Traps(returning=True)),
        ("trap 'a $?' DEBUG", Traps(each=True)),
        ("trap a RETURN DEBUG", Traps()),
        ("trap 'a $?' $signal", Traps(ending=True, returning=True)),
        ("trap a $signal", Traps()),
        ('trap "a \\$? $x" EXIT', Traps(ending=True)),
        ('trap "a $x" EXIT', Traps()),
        ("trap $x EXIT", Traps(ending=True)),
        ("trap 'if $?' EXIT", Traps(ending=True)),
        ("trap 'if' EXIT", Traps()),
        ("f() { rc=$?; }; trap f EXIT", Traps(ending=True)),
        ("f() { a; rc=$?; }; trap f EXIT", Traps()),
        ("f() { trap 'a $?' EXIT; }", Traps(ending=True)),
    ],
)
def test_traps(text: str, want: Traps) -> None:
    file = File(text)
    assert traps_of([file], Asking({"": file}, {})) == want
