"""`ci-port diff-plan`: revisions, scripts and plan sets, with real bash on a small project."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ci_port.cli import diff_plan, main
from ci_port.project import plans
from ci_port.review.cache import cache_directory
from ci_port.review.plansets import PlanSet
from tests.unit.project.project_on_disk import SCRIPT, WORLD
from tests.unit.review.repository import PORT, Repository

Capture = pytest.CaptureFixture[str]


def diffed(status: int, capsys: Capture, repository: Repository, *arguments: str) -> dict[str, Any]:
    assert main(["diff-plan", *arguments, "--format", "json", *repository.flags]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


FLAG = ('--jobs "$(nproc)"', '--jobs "$(nproc)" --fast')


def test_a_clean_tree_changes_nothing_and_runs_nothing(
    repository: Repository, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> PlanSet:
        raise AssertionError("files that are the same do the same")

    monkeypatch.setattr(plans, "record_script", never)
    monkeypatch.setattr(plans, "plan_port", never)
    found = diffed(0, capsys, repository, "one")
    assert (found["verdict"], found["changed"]) == ("No job's plan changes.", 0)


def test_a_dirty_tree_is_what_a_revision_is_compared_with(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", *FLAG)
    assert main(["diff-plan", "one", *repository.flags]) == 1
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "! added `--fast` to `python run.py …` in 2 of 3 jobs — only the script",
        "    unit, slow",
        "2 of 3 jobs change (script 2). Only the script moved: the port still does what it did, and parity will fail.",
    ]


def test_a_new_file_that_git_does_not_know_counts(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", "set -e\n", 'set -e\nsource "${0%/*}/more.sh"\n')
    repository.write("scripts/more.sh", "mytool\n")
    found = diffed(1, capsys, repository, "one", "--side", "script")
    assert [group["text"] for group in found["groups"]] == ["added the command `mytool`"]


def test_two_revisions_with_both_sides_alike(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", 'run.py --suite "$1"', 'run.py --quick --suite "$1"')
    repository.edit("diffed_port.py", '"run.py", ', '"run.py", "--quick", ')
    repository.commit("two")
    repository.edit("scripts/test.sh", "--quick", "--other")
    found = diffed(1, capsys, repository, "one", "two")
    assert found["verdict"] == "Script and port moved alike."
    (group,) = found["groups"]
    assert group["jobs"] == {"script": ["unit", "slow"], "port": ["unit", "slow"]}


def test_only_the_port_moved(repository: Repository, capsys: Capture) -> None:
    repository.edit("diffed_port.py", '"check"', '"check", "."')
    found = diffed(1, capsys, repository, "one")
    assert found["verdict"].startswith("Only the port moved")
    assert found["groups"][0]["jobs"] == {"script": [], "port": ["lint"]}


def test_a_change_that_changes_no_plan(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", "set -e\n", "set -e\n# a comment\n")
    repository.edit("diffed_port.py", "def main", "# a comment\ndef main")
    assert diffed(0, capsys, repository, "one")["verdict"] == "No job's plan changes."


def test_a_renamed_script_is_found_under_its_old_name(repository: Repository, capsys: Capture) -> None:
    repository.git("mv", "scripts", "ci")
    repository.config("ci/test.sh")
    repository.commit("two")
    repository.edit("ci/test.sh", *FLAG)
    repository.commit("three")
    assert diffed(0, capsys, repository, "one", "two", "--side", "script")["absent"] == {}
    found = diffed(1, capsys, repository, "one", "three", "--side", "script")
    assert found["groups"][0]["added"] == ["--fast"]


def test_a_base_without_the_port_is_said(repository: Repository, capsys: Capture) -> None:
    repository.git("rm", "--quiet", "diffed_port.py")
    repository.commit("none")
    repository.write("diffed_port.py", PORT)
    repository.edit("scripts/test.sh", *FLAG)
    found = diffed(1, capsys, repository, "none")
    assert found["absent"] == {"port": "none has no port (diffed_port.py)"}
    assert found["sides"].keys() == {"script"}


def test_a_base_without_the_script_is_said(repository: Repository, capsys: Capture) -> None:
    repository.git("rm", "--quiet", "scripts/test.sh")
    repository.commit("none")
    repository.write("scripts/test.sh", SCRIPT)
    assert diffed(0, capsys, repository, "none")["absent"] == {"script": "none has no scripts/test.sh"}


def test_a_port_that_breaks_is_shown_as_broken(repository: Repository, capsys: Capture) -> None:
    repository.edit("diffed_port.py", "def main(sh):\n", "def main(sh):\n    raise KeyError('x')\n")
    found = diffed(1, capsys, repository, "one")
    ((reason, jobs),) = found["sides"]["port"]["broken"].items()
    assert "KeyError" in reason
    assert jobs == ["unit", "slow", "lint"]
    repository.write("diffed_port.py", "def main(sh:\n")
    ((reason, jobs),) = diffed(1, capsys, repository, "one")["sides"]["port"]["broken"].items()
    assert "diffed_port" in reason or "SyntaxError" in reason
    assert len(jobs) == 3


def test_two_scripts(repository: Repository, capsys: Capture, tmp_path: Path) -> None:
    other = tmp_path / "other" / "test.sh"
    other.parent.mkdir()
    other.write_text(SCRIPT.replace("ruff check", "ruff check --fix"))
    found = diffed(1, capsys, repository, str(repository.root / "scripts/test.sh"), str(other))
    assert found["verdict"] == "The plans of the script change."
    assert found["groups"][0]["jobs"] == {"script": ["lint"]}


def test_two_files_of_plans(repository: Repository, capsys: Capture) -> None:
    def plan(id: str, *words: str) -> str:
        return json.dumps({"id": id, "plan": {"status": 0, "steps": [{"kind": "exec", "argv": words, "cwd": "."}]}})

    one = repository.write("one.jsonl", "\n".join([plan("a", "x"), plan("b", "y"), plan("c", "z")]))
    two = repository.write("two.jsonl", "\n".join([plan("a", "x"), plan("b", "y", "--v"), plan("d", "z")]))
    found = diffed(1, capsys, repository, str(one), str(two))
    assert found["verdict"] == "The plans change."
    assert (found["total"], found["lost"], found["new"]) == (2, ["c"], ["d"])
    more = repository.write("more.jsonl", one.read_text() + "\n" + plan("e", "x"))
    assert diffed(1, capsys, repository, str(more), str(one))["lost"] == ["e"]
    assert diffed(0, capsys, repository, str(one), str(one))["changed"] == 0


def test_plans_that_cannot_be_read_are_said(repository: Repository, capsys: Capture) -> None:
    line = json.dumps({"id": "a", "plan": {"status": 0, "steps": []}})
    one = repository.write("one.jsonl", f"{line}\nnonsense\n")
    two = repository.write("two.jsonl", f"{line}\n")
    (problem,) = diffed(4, capsys, repository, str(one), str(two))["unread"]
    assert problem.startswith(f"{one}:2: not JSON")
    assert main(["diff-plan", str(one), str(two)]) == 4
    assert f"a plan cannot be read: {one}:2: not JSON" in capsys.readouterr().out


def test_changed_data_is_said(repository: Repository, capsys: Capture) -> None:
    repository.write("world.json", json.dumps({**WORLD, "env": {"NEW": "1"}}))
    repository.write("ci-port.json", (repository.root / "ci-port.json").read_text() + "\n")
    found = diffed(0, capsys, repository, "one")
    assert found["notes"] == [
        "the world changed: world.json of one is another; all was planned with today's",
        "the project file changed: ci-port.json of one is another; all was planned with today's",
    ]
    repository.commit("two")
    assert diffed(0, capsys, repository, "two")["notes"] == []
    assert len(diffed(0, capsys, repository, "one", "two")["notes"]) == 2


def test_lost_and_new_jobs_are_said(repository: Repository, capsys: Capture) -> None:
    repository.write("jobs.csv", "SUITE,SHARD\nunit,1\nfast,2\n")
    found = diffed(1, capsys, repository, "one")
    assert (found["lost"], found["new"], found["total"]) == (["slow", "lint"], ["fast"], 2)
    assert found["verdict"] == "No job's plan changes, but jobs are lost or new."
    assert found["notes"] == ["the table of jobs changed: jobs.csv of one is another; all was planned with today's"]
    assert main(["diff-plan", "one", *repository.flags]) == 1
    assert "2 jobs are lost: slow, lint\n1 job is new: fast\n" in capsys.readouterr().out
    assert main(["diff-plan", "one", "--format", "markdown", *repository.flags]) == 1
    assert "- 2 jobs are lost: `slow`, `lint`\n- 1 job is new: `fast`\n" in capsys.readouterr().out
    cases = repository.write("cases.jsonl", json.dumps({"id": "x", "env": {"SUITE": "unit"}}))
    found = diffed(0, capsys, repository, "one", "--cases", str(cases))
    assert (found["lost"], found["new"], found["notes"]) == ([], [], [])


def test_a_base_whose_data_cannot_be_read_or_is_not_there(repository: Repository, capsys: Capture) -> None:
    repository.write("jobs.csv", "SUITE,SUITE\n")
    repository.git("rm", "--quiet", "--cached", "world.json")
    repository.git("add", "jobs.csv")
    repository.git("commit", "--quiet", "--message=odd")
    repository.write("jobs.csv", "SUITE,SHARD\nunit,1\n")
    found = diffed(0, capsys, repository, "HEAD")
    assert sorted(found["notes"]) == [
        "HEAD has no world.json (the world); all was planned with today's",
        "the table of jobs changed: jobs.csv of HEAD is another; all was planned with today's",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "nothing is no revision of"),
        (["one", "nothing"], "nothing is no revision of"),
        (["plans.jsonl"], "name a second file of plans"),
        (["plans.jsonl", "more.jsonl"], "cannot be read"),
        (["--side", "left", "one"], "invalid choice"),
        ([], "the following arguments are required: BASE"),
    ],
)
def test_what_is_not_there_is_a_usage_error(
    arguments: list[str], said: str, repository: Repository, capsys: Capture
) -> None:
    assert main(["diff-plan", *arguments, *repository.flags]) == 2
    assert said in capsys.readouterr().err


def test_a_name_that_is_two_things_must_be_written_clearly(
    repository: Repository, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.root)
    repository.write("one", "a file")
    repository.write("other.sh", "a file")
    assert main(["diff-plan", "one", "other.sh", *repository.flags]) == 2
    assert "one is a file and a revision; write ./one, or refs/heads/one" in capsys.readouterr().err


def test_outside_of_a_repository(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "x.sh").write_text("true\n")
    assert main(["diff-plan", "main", "--script", str(tmp_path / "x.sh")]) == 2
    assert "is in no git repository" in capsys.readouterr().err


def test_what_was_planned_once_is_remembered_by_content(
    repository: Repository, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.edit("scripts/test.sh", *FLAG)
    first = diffed(1, capsys, repository, "one")

    def never(*_: object) -> PlanSet:
        raise AssertionError("this was recorded before")

    monkeypatch.setattr(plans, "record_script", never)
    assert diffed(1, capsys, repository, "one") == first
    assert main(["diff-plan", "one", "--no-cache", *repository.flags]) == 70
    repository.edit("scripts/test.sh", "--fast", "--faster")
    assert main(["diff-plan", "one", *repository.flags]) == 70
    assert capsys.readouterr().err.count("this was recorded before") == 2


def test_a_memory_that_is_broken_is_made_anew(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", *FLAG)
    first = diffed(1, capsys, repository, "one")
    directory = cache_directory()
    assert directory is not None
    for file in directory.iterdir():
        file.write_bytes(file.read_bytes()[:40])
    assert diffed(1, capsys, repository, "one") == first


def test_only_jobs_that_the_change_can_touch_are_recorded_again(
    repository: Repository, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bashlex", reason="reading a script needs it")
    recorded: list[list[str]] = []
    plain = plans.record_script

    def counted(script: Any, world: Any, cases: Any, *rest: Any) -> PlanSet:
        recorded.append([case.id for case in cases])
        return plain(script, world, cases, *rest)

    monkeypatch.setattr(plans, "record_script", counted)
    repository.edit("scripts/test.sh", "ruff check > lint.log", "ruff check --fix > lint.log\n  ruff format")
    found = diffed(1, capsys, repository, "one", "--side", "script")
    assert recorded == [["unit", "slow", "lint"], ["lint"]]
    assert found["sides"]["script"]["changed"] == ["lint"]


def test_markdown(repository: Repository, capsys: Capture) -> None:
    repository.edit("scripts/test.sh", *FLAG)
    assert main(["diff-plan", "one", "--format", "markdown", *repository.flags]) == 1
    out = capsys.readouterr().out
    assert out.startswith("### 🔀 Only the script moved")
    assert "- added `--fast` to `python run.py …` in 2 of 3 jobs — only the script\n" in out


def test_the_command_of_the_repository_is_the_same() -> None:
    tool = Path(diff_plan.__file__).resolve().parents[2] / "tools" / "diff-plan"
    if not tool.exists():
        pytest.skip("this is an installed package; tools/ is in the repository")
    assert os.access(tool, os.X_OK)
    assert 'diff-plan "$@"' in tool.read_text()


def test_a_parity_sweep_leaves_its_plans_behind(
    repository: Repository, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("world.json", json.dumps({**WORLD, "env": {**WORLD["env"], "SHARD": ""}}))  # type: ignore[dict-item]
    main(["parity", *repository.flags])
    recorded: list[Path] = []
    plain = plans.record_script

    def counted(script: Path, *rest: Any) -> PlanSet:
        recorded.append(script)
        return plain(script, *rest)

    monkeypatch.setattr(plans, "record_script", counted)
    repository.edit("scripts/test.sh", "set -e\n", "set -e\ntouch x\n")
    capsys.readouterr()
    diffed(1, capsys, repository, "one", "--side", "script")
    assert recorded == [repository.root / "scripts/test.sh"], "the base was swept, and is not recorded again"
