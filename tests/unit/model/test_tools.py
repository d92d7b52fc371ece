"""The tables of standard tools."""

from __future__ import annotations

from ci_port.model.tools import FILE_TOOLS, PURE, WRITING


def test_a_tool_either_reads_or_changes() -> None:
    assert not PURE & FILE_TOOLS
    assert WRITING.keys() <= PURE


def test_the_tools_that_everybody_uses_are_there() -> None:
    assert {"cat", "sed", "grep", "awk", "sort", "find", "wc", "head", "tail", "tr", "cut", "xargs", "ls"} <= PURE
    assert {"mkdir", "rmdir", "touch", "cp", "mv", "rm", "ln", "install", "chmod", "truncate", "mktemp"} <= FILE_TOOLS


def test_what_says_what_the_world_says_is_there() -> None:
    assert {"date", "stat", "id", "groups", "whoami", "uname", "nproc", "hostname"} <= PURE


def test_what_depends_on_the_machine_or_on_chance_is_not_among_them() -> None:
    assert not {"df", "du", "free", "lscpu", "ps", "shuf", "uptime", "who"} & (PURE | FILE_TOOLS)
