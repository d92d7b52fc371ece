"""The scripts' lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.dryrun import sources
from ci_port.dryrun.own_files import OwnFiles, own_files
from ci_port.model import World

OWN = OwnFiles("/", "/", "/", {})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  # note",
        "f() {",
        "f () {  # note",
        "function f {",
        "function f() {",
        "f() (",
        "{",
        "}",
        "else",
        "fi",
        "done",
        ";;",
        ";;&",
    ],
)
def test_nothing_runs_in_this_line(line: str) -> None:
    assert sources.Sources("/", OWN, {"f": f"x\n{line}\n"}).executed("f", (1, 2)) == {1}


@pytest.mark.parametrize(
    "line", ["f", "echo {", "f() { run; }", "x=() ", "done <file", "fi || run", ": # x", "} >out", "(run)"]
)
def test_something_runs_in_this_line(line: str) -> None:
    assert sources.Sources("/", OWN, {"f": f"x\n{line}\n"}).executed("f", (2,)) == {2}


def test_files_are_read_below_the_directory_and_the_world_comes_first(tmp_path: Path) -> None:
    (tmp_path / "ci").mkdir()
    for name in ("ci/a", "ci/b", "other"):
        (tmp_path / name).write_text("on disk\x0b\n2\n", encoding="utf-8")
    own = own_files(tmp_path / "ci" / "a", World("/w", "/bin", scripts="ci"))
    found = sources.Sources(f"{tmp_path}/ci", own, {f"{tmp_path}/ci/b": "of the world"})
    assert found.line(f"{tmp_path}/ci/a", 1) == "on disk\x0b"
    assert found.line(f"{tmp_path}/ci/a", 2) == "2"
    assert found.line(f"{tmp_path}/ci/a", 9) == ""
    assert found.line(f"{tmp_path}/ci/b", 1) == "of the world"
    assert found.line(f"{tmp_path}/other", 1) == ""
    # Nothing is known of it, so nothing is left out.
    assert found.executed(f"{tmp_path}/other", (1, 99)) == {1, 99}
