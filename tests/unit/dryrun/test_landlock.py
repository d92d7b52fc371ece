"""The kernel's line, in a process of its own: what is given up stays given up. What it holds: test_hostile.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.dryrun import landlock

ROOT = Path(__file__).parents[3]


def run(code: str, *arguments: str) -> str:
    """Run Python code in a process that may be restricted for good, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", "from ci_port.dryrun import landlock\n" + code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("options", "kept"), [("", 0), ("reads=True", 1 << 2)])
def test_root_keeps_no_capability_but_reading_where_it_has_to(options: str, kept: int) -> None:
    status = run(f"landlock.give_up_capabilities({options}); print(open('/proc/self/status').read())")
    sets = {
        name: int(value, 16)
        for name, _, value in (line.partition(":\t") for line in status.split("\n") if line[:3] == "Cap")
    }
    assert sets["CapEff"] in (0, kept)
    assert sets["CapPrm"] in (0, kept)


def test_a_process_started_afterwards_gets_none_back() -> None:
    status = run(
        "import subprocess; landlock.prctl(38, 1); landlock.give_up_capabilities();"
        "print(subprocess.run(['cat', '/proc/self/status'], capture_output=True, text=True).stdout)"
    )
    effective = next(line for line in status.split("\n") if line.startswith("CapEff"))
    assert int(effective.split()[1], 16) == 0


def test_a_kernel_without_landlock_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("landlock.version = lambda: 0; print(landlock.restrict(('/nowhere',), (), (), ()))").strip() == "0"


@pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock")
def test_writing_is_allowed_below_the_directory_only(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    out = run(
        """
import os, sys
landlock.restrict((sys.argv[1] + "/in", "/not there"), (), ("/dev/null",), ("/",))
open(sys.argv[1] + "/in/new", "w").close()
os.rename(sys.argv[1] + "/in/new", sys.argv[1] + "/in/newer")
open("/dev/null", "w").close()
for what in (lambda: open(sys.argv[1] + "/new", "w"), lambda: os.mkdir(sys.argv[1] + "/dir"),
             lambda: os.rename(sys.argv[1] + "/in/newer", sys.argv[1] + "/out"), lambda: os.rmdir(sys.argv[1] + "/in"),
             lambda: os.symlink("x", sys.argv[1] + "/link"), lambda: os.execv("/bin/true", ["true"])):
    try:
        what()
        print("done")
    except OSError as error:
        print(type(error).__name__)
""",
        str(tmp_path),
    )
    assert set(out.split()) <= {"PermissionError", "OSError"}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["in", "newer"]
