"""What it costs to read a long script: twice the length is about twice the work, whatever it is long in.

Work is counted, never timed: calls (of Python and of C), characters that words are squeezed from, and what is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import pytest

from ci_port.bash import words
from ci_port.shell.conditions import LONGEST
from ci_port.shell.decisions import Decisions
from ci_port.shell.frames import Frame
from ci_port.shell.inventory import read_source
from ci_port.shell.listing import to_json
from ci_port.shell.source import Source
from tests.unit.shell.courses import SCRIPT

SHORT = 4 * LONGEST
AT_MOST = 2.4
"""Twice the length is four times the work where everything is held against everything."""

SHAPES: dict[str, Callable[[int], str]] = {
    "and": lambda n: " && ".join(f"c{i} a" for i in range(n)),
    "or": lambda n: " || ".join(f"c{i} a" for i in range(n)),
    "and, or and tests": lambda n: " && ".join(f'[[ $A == {i} ]] || c{i} "$B"' for i in range(n)),
    "pipelines in a list": lambda n: " && ".join(f"c{i} a | d" for i in range(n)),
    "substitutions in a list": lambda n: " && ".join(f"c{i} a $(d)" for i in range(n)),
    "groups in a list": lambda n: " || ".join(f"( c{i} a )" for i in range(n)),
    "condition": lambda n: f"if {' && '.join(f'c{i} a' for i in range(n))}; then d; fi",
    "test": lambda n: f"if [[ {' && '.join(f'$A == {i}' for i in range(n))} ]]; then c0 a; fi",
    "pipeline": lambda n: " | ".join(f"c{i} a" for i in range(n)),
    "line": lambda n: "; ".join(f"c{i} a" for i in range(n)),
    "lines": lambda n: "\n".join(f"c{i} a" for i in range(n)),
    "jobs": lambda n: " & ".join(f"c{i} a" for i in range(n)),
    "elif": lambda n: "if c; then d; " + "".join(f"elif [[ $A == {i} ]]; then c{i} a; " for i in range(n)) + "fi",
    "case": lambda n: "case $A in\n" + "".join(f"{i}) c{i} a ;;\n" for i in range(n)) + "esac",
    "patterns": lambda n: f"case $A in {' | '.join(map(str, range(n)))}) c0 a ;; esac",
    "functions": lambda n: "\n".join(f"f{i}() {{ if [[ $A ]]; then c{i} a; fi; }}" for i in range(n)),
    "words": lambda n: "c0 a " + " ".join(f'w{i} "$A"' for i in range(n)),
    "assignments": lambda n: " ".join(f"A{i}=x" for i in range(n)) + " c0 a",
    "here-document": lambda n: "c0 a <<E\n" + "".join(f"line {i} $A\n" for i in range(n)) + "E",
    "here-documents": lambda n: "".join(f"c{i} a <<E\nline\nE\n" for i in range(n)),
    "loops": lambda n: "\n".join(f"for x in a b; do c{i} a; done" for i in range(n)),
}


@dataclass
class Work:
    """What was counted."""

    calls: int = 0
    squeezed: int = 0
    printed: int = 0


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_twice_the_length_is_twice_the_work(shape: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = (work_of(shape(size), size, monkeypatch) for size in (SHORT, 2 * SHORT))
    assert long.calls < AT_MOST * short.calls
    assert long.squeezed <= AT_MOST * short.squeezed
    assert long.printed <= AT_MOST * short.printed


def work_of(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count what it takes to list a script, and to ask whether the status of each of its commands matters."""
    work = Work()
    squeeze = words.squeeze

    def counted(frame: FrameType, event: str, argument: object) -> None:
        del frame, argument
        work.calls += event in ("call", "c_call")

    def counting(squeezed: str) -> str:
        work.squeezed += len(squeezed)
        return squeeze(squeezed)

    with monkeypatch.context() as patch:
        patch.setattr(words, "squeeze", counting)
        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            inventory = read_source(Source(SCRIPT, text + "\n"))
            decisions = Decisions({SCRIPT: text + "\n"}.get)
            for number in range(size):
                line = 1 + number if text.count("\n") >= size else 1
                decisions.decides([f"c{number}", "a"], [Frame(SCRIPT, line, "main")], errexit=True, pipefail=True)
            work.printed = len(str(to_json({SCRIPT: inventory})))
        finally:
            sys.setprofile(before)
    return work
