"""What git says of the files around a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.dryrun.tracked import Tracked, ignored, tracked
from ci_port.model.errors import UsageError
from tests.unit.dryrun.clone import git, make_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with files of several modes and names."""
    files = {"run.sh": "", "a b/ü": "", "new\nline": "", ".gitignore": "*.o\n/made/\n"}
    return make_repository(tmp_path / "repository", files, {"link": "run.sh"})


def test_names_and_modes(repository: Path) -> None:
    (repository / "untracked").write_text("")
    assert tracked(str(repository / "a b")) == Tracked(
        root=str(repository),
        modes={".gitignore": 0o100644, "a b/ü": 0o100644, "link": 0o120000, "new\nline": 0o100644, "run.sh": 0o100755},
        submodules=(),
        trusts_modes=True,
    )


def test_modes_that_the_disk_does_not_have(repository: Path) -> None:
    git(repository, "config", "core.fileMode", "false")
    assert not tracked(str(repository)).trusts_modes


def test_submodules_are_no_files(repository: Path) -> None:
    make_repository(repository.parent / "other", {"x": ""}, {})
    git(repository, "submodule", "--quiet", "add", str(repository.parent / "other"), "third/party")
    found = tracked(str(repository))
    assert found.submodules == ("third/party",)
    assert "third/party" not in found.modes
    assert ".gitmodules" in found.modes


def test_a_file_that_is_not_merged_is_there_once(repository: Path) -> None:
    for branch, text in (("one", "1"), ("two", "2")):
        git(repository, "checkout", "--quiet", "-b", branch, "main")
        (repository / "run.sh").write_text(text)
        git(repository, "commit", "--quiet", "--all", "--message", branch)
    with pytest.raises(AssertionError):
        git(repository, "merge", "--quiet", "one")
    assert list(tracked(str(repository)).modes).count("run.sh") == 1


@pytest.mark.parametrize("inside", ["", ".git"])
def test_no_work_tree(inside: str, tmp_path: Path, repository: Path) -> None:
    directory = repository / inside if inside else tmp_path
    with pytest.raises(UsageError, match="is in no git work tree"):
        tracked(str(directory))


def test_what_is_ignored(repository: Path) -> None:
    for name in ("x.o", "made/file", "a b/y.o", "a b/kept"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text("")
    assert ignored(str(repository)) == {"x.o", "made", "a b/y.o"}
    assert ignored(str(repository / "a b")) == {"y.o"}


def test_nothing_is_known_to_be_ignored(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "made" / "below").mkdir(parents=True)
    (repository / "made" / "below" / "file").write_text("")
    # All of it is ignored, so git does not help.
    assert ignored(str(repository / "made")) == frozenset()
    assert ignored(str(repository / "made" / "below")) == frozenset()
    assert ignored(str(tmp_path)) == frozenset()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ignored(str(repository)) == frozenset()
