"""Text tools of a pipeline, computed here: they only read text, so neither side of the comparison lists them.

A filter takes the whole text that comes down the pipe and returns what it prints and its status.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ci_port.model import RunFailed

Filter = Callable[[str], tuple[str, int]]


def matching(regex: str) -> Filter:
    """Return `grep REGEX`: the lines in which the Python regular expression is found; status 1 if there is none."""
    search = re.compile(regex).search
    return _lines(lambda line: search(line) is not None)


def without(regex: str) -> Filter:
    """Return `grep -v REGEX`: the other lines; status 1 if there is none."""
    search = re.compile(regex).search
    return _lines(lambda line: search(line) is None)


def field(number: int) -> Filter:
    """Return `awk '{print $NUMBER}'`: that blank-separated field of each line, empty where the line has fewer."""

    def pick(line: str) -> str:
        return next(iter(re.split(r"[ \t]+", line.strip(" \t"))[number - 1 : number]), "")

    return lambda text: (_joined([pick(line) for line in _split(text)]), 0)


def last_line(text: str) -> tuple[str, int]:
    """`tail -n 1`; a last line without newline stays without."""
    return "".join(text.splitlines(keepends=True)[-1:]), 0


def basic_regex(regex: str) -> str:
    """Return a basic regular expression (as `grep` reads it) in Python's syntax; each line of it is an alternative.

    Only a dot has a meaning of its own here; raises RunFailed for other characters that could have one.
    """
    if not _NAME.fullmatch(regex):
        raise RunFailed(f"basic regular expression {regex!r} is not understood")
    return "|".join(re.escape(line).replace("\\.", ".") for line in regex.split("\n"))


_NAME = re.compile(r"[A-Za-z0-9_./:@%,= \n-]*")


def _lines(keep: Callable[[str], bool]) -> Filter:
    def apply(text: str) -> tuple[str, int]:
        kept = [line for line in _split(text) if keep(line)]
        return _joined(kept), 0 if kept else 1

    return apply


def _split(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)
