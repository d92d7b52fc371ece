"""The lock, and the drift that it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import DataError
from ci_port.model.packaged import data
from ci_port.runner.lock import Lock, LockedBranch, drift, lock_of, make_lock, read_lock
from ci_port.runner.project import load_project as load_runner_project
from tests.lock_now import lock_now
from tests.unit.runner.conftest import SCRIPT

BRANCHES = (LockedBranch("one", 2, 4), LockedBranch("two", 6, 10), LockedBranch("two/if-1", 7, 9))


@pytest.fixture
def lock(checkout: Path) -> Lock:
    return Lock("s", "p", {"test.sh": lock_of((checkout / ".ci/test.sh").read_bytes(), BRANCHES)})


def test_what_is_written_is_read_again(lock: Lock) -> None:
    assert read_lock(lock.dumps(), "lock.json") == lock


def test_a_lock_is_made_of_what_was_verified(lock: Lock, checkout: Path) -> None:
    content = (checkout / ".ci/test.sh").read_bytes()
    assert make_lock("s", "p", {"test.sh": (content, [(one.id, one.line, one.end_line) for one in BRANCHES])}) == lock


def test_no_change_no_drift(lock: Lock) -> None:
    assert drift(lock, ".ci") == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("echo one", "echo 1", ["one"]),
        ("echo two", "echo 2", ["two/if-1"]),
        ("two() {", "two() { :", ["two"]),
        ("  echo one\n", "", ["one"]),
        ("  echo one\n", "  echo one\n  echo more\n", ["one"]),
        ("echo", "printf", ["one", "two/if-1"]),
        ("#!/bin/bash", "#!/bin/sh", ["test.sh"]),
        ("\n\n", "\n# between\n", ["test.sh"]),
    ],
)
def test_changed_branches_are_named(lock: Lock, checkout: Path, old: str, new: str, named: list[str]) -> None:
    assert old in SCRIPT
    (checkout / ".ci/test.sh").write_text(SCRIPT.replace(old, new))
    assert drift(lock, ".ci") == named


def test_lines_that_move_change_no_branch(lock: Lock, checkout: Path) -> None:
    (checkout / ".ci/test.sh").write_text(SCRIPT.replace("one() {", "# more\n# and more\none() {"))
    assert drift(lock, ".ci") == ["test.sh"]


def test_a_missing_file_is_drift(lock: Lock, checkout: Path) -> None:
    (checkout / ".ci/test.sh").unlink()
    assert drift(lock, ".ci") == ["test.sh cannot be read (No such file or directory)"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ('{"version":2}', "version 1 is expected"),
        ('{"version":1,"script":"","port":"","files":{"a":{"sha256":"","lines":"","branches":[["x"]]}}}', "branches"),
        ('{"version":1,"script":"","port":"","files":{},"more":1}', "unknown field"),
    ],
)
def test_a_broken_lock_names_the_place(text: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_lock(text, "lock.json")


def test_the_packaged_lock_is_of_this_script() -> None:
    """If this fails, the script has changed since parity was last shown: `tools/ci-port lock` shows it again."""
    locked = read_lock(data(load_runner_project().lock), "lock.json")
    now = read_lock(lock_now(), "now")
    assert {name: file.sha256 for name, file in locked.files.items()} == {n: f.sha256 for n, f in now.files.items()}
    assert all(file.branches for file in locked.files.values())
