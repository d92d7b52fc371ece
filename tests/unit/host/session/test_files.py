"""Files that pure tools read or look for."""

from __future__ import annotations

import subprocess

import pytest

from ci_port.host import Session, observe
from ci_port.model import Case, RunFailed, World


def test_realpath_needs_all_but_the_last_part(world: World) -> None:
    """As the tool does without options."""
    seen = {}

    def program(sh: Session) -> None:
        for path in ("test/new", "test/../dist", "no/new", "notes.txt/x", "", "./test/"):
            seen[path] = (sh.realpath(path), sh.status)

    observe(program, world, Case("case", ()))
    assert seen == {
        "test/new": ("/w/test/new", 0),
        "test/../dist": ("/w/dist", 0),
        "no/new": ("", 1),
        "notes.txt/x": ("", 1),
        "": ("", 1),
        "./test/": ("/w/test", 0),
    }


@pytest.mark.parametrize("path", ["--", "-m", "-x y", "--zero", '--a "b c"', "--he=x", "--relative-to=/w"])
def test_realpath_takes_a_leading_dash_for_an_option(world: World, path: str) -> None:
    """The tool is the judge: without another word it prints nothing and fails."""
    tool = subprocess.run(["realpath", path], capture_output=True, check=False)
    seen = []
    observe(lambda sh: seen.append((sh.realpath(path), sh.status)), world, Case("case", ()))
    assert seen == [("", 1)]
    assert (tool.stdout, tool.returncode) == (b"", 1)


@pytest.mark.parametrize("path", ["--help", "--he", "--version", "--v"])
def test_realpath_does_not_guess_what_its_help_says(world: World, path: str) -> None:
    """That text is the machine's."""
    with pytest.raises(RunFailed, match="help or version"):
        observe(lambda sh: print(sh.realpath(path)), world, Case("case", ()))


def test_command_v_looks_along_path(world: World) -> None:
    """The path, and its status."""

    def program(sh: Session) -> None:
        assert sh.command_v("tool") == "/bin/tool"
        assert sh.status == 0
        assert sh.command_v("other") == ""
        assert sh.status == 1

    observe(program, world, Case("case", ()))
