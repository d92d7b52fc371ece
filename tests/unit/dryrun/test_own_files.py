"""Where the script's own files stand, and what they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_port.dryrun.own_files import OwnDirectory, OwnFile, OwnFiles, OwnLink, own_files
from ci_port.model import World
from tests.unit.dryrun.clone import git, make_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a script in a folder."""
    files = {"ci/test.sh": "script\n", "lib/x": "x\n", "lib/deep/y": ""}
    return make_repository(tmp_path / "repository", files, {"link": "lib/x"})


def kinds(own: OwnFiles) -> dict[str, str]:
    """Return what stands where: `mode size`, or where a link leads."""
    return {
        path: f"{entry.mode:o} {entry.size}"
        if isinstance(entry, OwnFile)
        else f"-> {entry.target}"
        if isinstance(entry, OwnLink)
        else "directory"
        for path, entry in sorted(own.entries.items())
    }


def test_a_checkout(repository: Path) -> None:
    (repository / "untracked").write_text("")
    own = own_files(repository / "ci" / "test.sh", World("/w/r", "/bin", version=2, scripts=".", checkout=True))
    assert kinds(own) == {
        "/w/r": "directory",
        "/w/r/ci": "directory",
        "/w/r/ci/test.sh": "755 7",
        "/w/r/lib": "directory",
        "/w/r/lib/deep": "directory",
        "/w/r/lib/deep/y": "644 0",
        "/w/r/lib/x": "644 2",
        "/w/r/link": "-> lib/x",
    }
    assert (own.real, own.shown, own.directory) == (str(repository), "/w/r", "/w/r/ci")
    assert not own.remarks


def test_modes_are_those_of_the_index_where_the_disk_has_none(repository: Path) -> None:
    (repository / "ci" / "test.sh").chmod(0o644)
    (repository / "lib" / "x").chmod(0o777)
    world = World("/w", "/bin", version=2, scripts=".", checkout=True)
    on_disk = kinds(own_files(repository / "ci" / "test.sh", world))
    git(repository, "config", "core.fileMode", "false")
    in_index = kinds(own_files(repository / "ci" / "test.sh", world))
    assert (on_disk["/w/ci/test.sh"], on_disk["/w/lib/x"]) == ("644 7", "755 2")
    assert (in_index["/w/ci/test.sh"], in_index["/w/lib/x"]) == ("755 7", "644 2")


def test_many_that_are_missing_are_named_in_part(repository: Path) -> None:
    for number in range(6):
        (repository / f"file{number}").write_text("")
    git(repository, "add", "--all")
    for number in range(6):
        (repository / f"file{number}").unlink()
    own = own_files(repository / "ci" / "test.sh", World("/w", "/bin", version=2, scripts=".", checkout=True))
    assert own.remarks == (
        "tracked by git, but not in the work tree, and so not there: file0, file1, file2 and 3 more",
    )


def test_what_is_no_file_any_more_is_missing(repository: Path) -> None:
    (repository / "lib" / "x").unlink()
    os.mkfifo(repository / "lib" / "x")
    (repository / "link").unlink()
    (repository / "link").mkdir()
    own = own_files(repository / "ci" / "test.sh", World("/w", "/bin", version=2, scripts=".", checkout=True))
    assert own.remarks == ("tracked by git, but not in the work tree, and so not there: lib/x, link",)


@pytest.mark.parametrize("version", [1, 2])
def test_beside_a_script(version: int, tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    (scripts / "sub" / ".git").mkdir(parents=True)
    (scripts / "test.sh").write_text("script\n")
    (scripts / "sub" / "link").symlink_to("../test.sh")
    (scripts / "sub" / "loop").symlink_to("..")
    (scripts / "out").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "back").mkdir(parents=True)
    (scripts / "sub" / "whole").symlink_to(scripts / "test.sh")
    (scripts / "processes").symlink_to("/proc")
    (scripts / "all").symlink_to("/")
    (scripts / "circle").symlink_to("circle")
    own = own_files(scripts / "test.sh", World("/w", "/bin", version=version, scripts="ci/steps"))
    outside = (
        {}
        if version == 1
        else {"out": f"-> {tmp_path}/other", "processes": "-> /proc", "all": "-> /", "circle": "-> circle"}
    )
    common = {"/w": "directory", "/w/ci": "directory", "/w/ci/steps": "directory", "/w/ci/steps/test.sh": "644 7"}
    inside = (
        {"sub/.git": "directory", "sub/link": "644 7", "sub/whole": "644 7"}
        if version == 1
        else {"sub/link": "-> ../test.sh", "sub/loop": "-> ..", "sub/whole": "-> ../test.sh"}
    )
    beside = {f"/w/ci/steps/{path}": kind for path, kind in {**outside, **inside, "sub": "directory"}.items()}
    assert kinds(own) == {**common, **beside}
    assert own.remarks == ("links that lead out of the script's directory, and are not followed: all, out, processes",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into everything")
def test_a_folder_that_nobody_may_look_into_is_empty(tmp_path: Path) -> None:
    (tmp_path / "test.sh").write_text("")
    (tmp_path / "closed").mkdir(mode=0)
    own = own_files(tmp_path / "test.sh", World("/w", "/bin", version=2, scripts="."))
    assert kinds(own) == {"/w": "directory", "/w/closed": "directory", "/w/test.sh": "644 0"}


NAMED = OwnFiles(
    "/real",
    "/w",
    "/w/ci",
    {"/w/ci/a": OwnFile("/real/ci/a", 0o644, 1, 0, 0, 0), "/w/l": OwnLink("ci/a"), "/w/ci": OwnDirectory()},
)


@pytest.mark.parametrize("directory", ["here/ci", "/real/ci", "."])
def test_a_name_leads_back_to_its_file(directory: str) -> None:
    for path, real in (("/w/ci/a", "/real/ci/a"), ("/w/l", "/real/l"), ("/w/ci", None), ("/w/none", None)):
        assert NAMED.real_of(NAMED.named(path, directory), directory) == real


def test_names() -> None:
    assert NAMED.named("/w/ci/a", "here/ci") == "here/ci/a"
    assert NAMED.named("/w/l", "here/ci") == "here/l"
    assert NAMED.named("/workspace", "here/ci") == ""
    assert NAMED.named("", "here/ci") == ""
