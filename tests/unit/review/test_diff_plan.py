"""Which jobs do something else after a change, with programs that are passed in; real ones: the command's own tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.model.errors import UsageError
from ci_port.review.diff_plan import BOTH, PORT, SCRIPT, compared, of_plan_sets
from ci_port.review.programs import Work
from tests.unit.review.programs import Asked, work
from tests.unit.review.repository import Repository


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def planned(repository: Repository) -> Repository:
    """A repository whose script and port are lists of commands, in a commit `two`."""
    repository.write("scripts/test.sh", "make\nrun --suite\n")
    repository.write("port.py", "make\nrun --suite\n")
    repository.commit("two")
    return repository


def plan(id: str, *words: str) -> str:
    return json.dumps({"id": id, "plan": {"status": 0, "steps": [{"kind": "exec", "argv": words, "cwd": "."}]}})


def with_port(planned: Repository, asked: Asked) -> Work:
    return work(asked, planned.root / "scripts/test.sh", lambda: planned.root.resolve() / "port.py")


def test_two_files_of_plans(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text("\n".join([plan("a", "x"), plan("b", "y"), plan("c", "z")]))
    two.write_text("\n".join([plan("a", "x"), plan("b", "y", "--v"), plan("d", "z")]))
    found = of_plan_sets(one, two)
    assert (found.total, found.changed, found.verdict) == (2, ("b",), "The plans change.")
    assert (found.lost, found.new) == (("c",), ("d",))
    with pytest.raises(UsageError, match="name a second file of plans"):
        of_plan_sets(one, None)


def test_two_scripts_are_compared_and_the_port_is_not_asked_for(tmp_path: Path, asked: Asked) -> None:
    def never() -> Path:
        raise AssertionError("two scripts have no port")

    before, after = tmp_path / "before.sh", tmp_path / "after.sh"
    before.write_text("make\n")
    after.write_text("make --fast\n")
    found = compared(str(before), str(after), BOTH, work(asked, before, never))
    assert (found.total, list(found.sides)) == (2, [SCRIPT])
    assert found.groups[0].edit.added == ("--fast",)


@pytest.mark.parametrize("side", [SCRIPT, PORT, BOTH])
def test_only_the_side_that_is_wanted_is_looked_at(side: str, planned: Repository, asked: Asked) -> None:
    for name in ("scripts/test.sh", "port.py"):
        planned.edit(name, "--suite", "--suite --fast")
    found = compared("two", None, side, with_port(planned, asked))
    assert set(found.sides) == ({SCRIPT, PORT} if side == BOTH else {side})
    (group,) = found.groups
    assert group.jobs == dict.fromkeys(found.sides, ("unit", "lint"))


def test_two_revisions_are_compared_whatever_the_working_tree_holds(planned: Repository, asked: Asked) -> None:
    planned.edit("port.py", "--suite", "--suites")
    planned.commit("three")
    planned.edit("port.py", "make", "cmake")
    found = compared("two", "three", BOTH, with_port(planned, asked))
    assert [str(group.edit) for group in found.groups] == ["changed `--suite` to `--suites` in `run …`"]


def test_a_port_that_cannot_be_asked_is_broken_or_not_compared(planned: Repository, asked: Asked) -> None:
    planned.edit("port.py", "make", "broken")
    assert compared("two", None, PORT, with_port(planned, asked)).sides[PORT].broken == {
        "it is broken": ("unit", "lint")
    }
    planned.commit("three")
    planned.edit("port.py", "broken", "make")
    found = compared("three", None, PORT, with_port(planned, asked))
    assert found.absent == {PORT: "the port of three cannot be planned: it is broken"}


def test_files_that_are_the_same_are_not_run(planned: Repository, asked: Asked) -> None:
    one = work(asked, planned.root / "scripts/test.sh")
    found = compared("two", None, SCRIPT, one)
    assert (found.verdict, asked.calls) == ("No job's plan changes.", [])


def test_a_port_outside_of_the_repository_is_said(planned: Repository, asked: Asked) -> None:
    one = work(asked, planned.root / "scripts/test.sh", lambda: Path("/elsewhere/port.py"))
    assert compared("two", None, PORT, one).absent == {PORT: "the port port:main is not in the script's repository"}


def test_a_revision_without_a_side_is_said(planned: Repository, asked: Asked) -> None:
    planned.git("rm", "--quiet", "scripts/test.sh")
    planned.commit("none")
    planned.write("scripts/test.sh", "make\n")
    one = work(asked, planned.root / "scripts/test.sh", lambda: planned.root.resolve() / "new_port.py")
    found = compared("none", None, BOTH, one)
    assert found.absent == {
        SCRIPT: "none has no scripts/test.sh",
        PORT: "none has no port (new_port.py)",
    }


@pytest.mark.parametrize(("base", "head"), [("nothing", None), ("two", "nothing")])
def test_what_is_no_revision_is_a_usage_error(base: str, head: str | None, planned: Repository, asked: Asked) -> None:
    with pytest.raises(UsageError, match="nothing is no revision of"):
        compared(base, head, BOTH, work(asked, planned.root / "scripts/test.sh"))
