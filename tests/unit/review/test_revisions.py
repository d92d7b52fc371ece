"""Trees of a git repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model.errors import UsageError
from ci_port.review import revisions
from ci_port.review.revisions import Tree
from tests.unit.review.repository import Repository


def test_the_repository_of_a_file_is_found(repository: Repository) -> None:
    assert revisions.repository(repository.root / "scripts" / "test.sh") == repository.root.resolve()


def test_a_file_in_no_repository_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="is in no git repository"):
        revisions.repository(tmp_path / "x.sh")


def test_without_git_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not on PATH"):
        revisions.git(tmp_path, "status")


def test_what_git_complains_about_is_said(repository: Repository) -> None:
    with pytest.raises(UsageError, match=r"^git rev-parse: fatal: "):
        revisions.git(repository.root, "rev-parse", "--verify", "no-such-thing")


@pytest.mark.parametrize(
    ("text", "known"), [("one", True), ("HEAD", True), ("two", False), ("--all", False), ("", False)]
)
def test_revisions_are_what_git_knows_a_commit_by(text: str, known: bool, repository: Repository) -> None:
    assert revisions.is_revision(repository.root, text) is known


def test_only_what_is_wanted_is_taken_out(repository: Repository) -> None:
    repository.edit("scripts/test.sh", "set -e", "set -eu")
    with revisions.checked_out(repository.root, "one", ["scripts", "not/there"], None) as tree:
        assert (tree.label, sorted(path.name for path in tree.root.iterdir())) == ("one", ["scripts"])
        script = tree.find("scripts/test.sh")
        assert script is not None
        assert "set -eu" not in script.read_text()
        assert tree.find("world.json") is None
    assert not tree.root.exists()


def test_what_was_renamed_is_found_by_the_name_of_today(repository: Repository) -> None:
    repository.git("mv", "scripts", "ci")
    repository.commit("two")
    with revisions.checked_out(repository.root, "one", ["ci"], None) as tree:
        assert tree.find("ci/test.sh") == tree.root / "scripts" / "test.sh"


def test_the_working_tree_is_the_folder_itself(repository: Repository) -> None:
    assert revisions.working_tree(repository.root) == Tree(repository.root, "the working tree", {})
