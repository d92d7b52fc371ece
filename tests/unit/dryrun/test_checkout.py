"""A checkout in a world: what git tracks is there, read where it is. Real bash in a real clone is the judge."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_port import dryrun, model
from ci_port.model import Asked, Case, Environment, Overlay, Rule, World
from ci_port.model.errors import UsageError
from ci_port.model.tools import PURE
from tests.unit.dryrun import clone

ROWS = dict(
    row.split("\n", 1)
    for row in Path(__file__).with_name("checkout_rows.txt").read_text(encoding="utf-8").split("\n## ")[1:]
)
FILES: dict[str, str | bytes] = {
    "ci/main.sh": '#!/usr/bin/env bash\n# runs a row\nsource "ci/rows/$ROW"\n',
    "ci/sub.sh": '#!/bin/bash\nsource "$(dirname "$0")/../lib/x.sh" || source ../lib/x.sh\nrun sub "$@" "${0##*/}"\n',
    "lib/x.sh": 'sourced="lib:$*"\nfrom_lib() {\n  run from_lib "$@"\n}\n',
    "lib/data": "one\ntwo\nthree\n",
    "lib/twice": "one\none\nfour\n",
    "lib/deep/er/file": "deep\n",
    "a b/ü.txt": "hällo\nwörld\n",
    "big": "".join(f"{number:06d} xx\n" for number in range(12_000)),
    "big2": "".join(f"{number:06d} xx\n" for number in range(12_000)),
    "empty": "",
    ".hidden": "hidden\n",
    "-dash": "dash\n",
    "new\nline": "newline\n",
    os.fsdecode(b"\xff"): "not UTF-8\n",
}
LINKS = {
    "link": "lib/data",
    "dirlink": "lib",
    "lib/back": "../big",
    "out": "../outside/file",
    "absolute": "/nowhere/at/all",
}
_NAMES = {name: f"{number:02d}" for number, name in enumerate(ROWS)}


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a script that runs the row which the environment names."""
    rows = {f"ci/rows/{_NAMES[name]}": text for name, text in ROWS.items()}
    return clone.make_repository(tmp_path_factory.mktemp("of") / "work tree", {**FILES, **rows}, LINKS)


@pytest.fixture(scope="session")
def cloned(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> clone.Clone:
    """Where a clone of it is made."""
    place = tmp_path_factory.mktemp("real")
    return clone.Clone(repository, place / "clone", place / "commands")


def world_at(workspace: Path, **fields: Any) -> World:
    """Return a world with a checkout."""
    world = World(
        str(workspace),
        "/opt/bin",
        version=2,
        scripts=".",
        checkout=True,
        pure=PURE,
        env=Environment({"HOME": clone.HOME, "LANG": "C.UTF-8"}),
        commands=(Rule(("run", "**")), Rule(("say", "**"), stdout="said\n")),
        follow=("ci/*.sh",),
    )
    return dataclasses.replace(world, **fields)


@pytest.fixture(scope="session")
def recorder(repository: Path, cloned: clone.Clone) -> Iterator[dryrun.Recorder]:
    """One recorder for all rows: what one run has changed is put back for the next."""
    with dryrun.Recorder(repository / "ci" / "main.sh", world_at(cloned.place), looks=True) as found:
        yield found
    assert clone.git(repository, "status", "--porcelain") == "", "the work tree itself has been changed"


@pytest.mark.parametrize("name", ROWS)
def test_a_script_does_what_it_would_do_in_a_clone(name: str, recorder: dryrun.Recorder, cloned: clone.Clone) -> None:
    real = cloned.run(("./ci/main.sh",), {"ROW": _NAMES[name]})
    found = recorder.observe(Case("row", (("ROW", _NAMES[name]),)))
    seen = clone.Seen(clone.steps(found.plan.steps), found.plan.status, found.output, found.files)
    assert seen.steps == real.steps, found.messages
    assert seen.output == real.output, found.messages
    assert {path: left for path, left in seen.files.items() if real.files.get(path) != left} == {}
    assert seen == real


def test_a_second_run_finds_all_as_it_was(recorder: dryrun.Recorder) -> None:
    found = []
    for name in ("remove", "modes", "cat", "move a directory", "sed -i", "cat"):
        found.append(recorder.observe(Case("row", (("ROW", _NAMES[name]),))))
    assert found[2] == found[5]


@pytest.mark.parametrize(
    "name", ["remove", "move over", "removed while read", "remove and make", "hard links", "sed -i"]
)
def test_on_a_disk_numbers_of_files_are_used_again(
    name: str, repository: Path, cloned: clone.Clone, scratch_base: Path
) -> None:
    real = cloned.run(("./ci/main.sh",), {"ROW": _NAMES[name]})
    with dryrun.Recorder(repository / "ci" / "main.sh", world_at(cloned.place), looks=True) as recorder:
        for _ in range(3):
            found = recorder.observe(Case("row", (("ROW", _NAMES[name]),)))
            assert clone.Seen(clone.steps(found.plan.steps), found.plan.status, found.output, found.files) == real
    assert not list(scratch_base.iterdir())


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small repository of our own, with a script that can be written anew before a recorder is opened."""
    files = {"ci/test.sh": "", "lib/x.sh": "from_lib() { run lib; }\n", "lib/data": "one\n", ".gitignore": "*.o\n"}
    return clone.make_repository(tmp_path / "small", files, {})


def observe(root: Path, script: str, *cases: Case, **fields: Any) -> list[model.Observation]:
    """Return what a script does in each case, in a world with a checkout (none: in a plain one)."""
    path = root / "ci" / "test.sh"
    path.write_text(script)
    with dryrun.Recorder(path, world_at(Path("/w/space"), **fields)) as recorder:
        return [recorder.observe(case) for case in cases or (Case("c", ()),)]


def words(observation: model.Observation) -> list[str]:
    """Return the commands of a run, each as one text."""
    return [" ".join(step[:-1]) for step in clone.steps(observation.plan.steps)]


def test_places_are_named_as_the_user_wrote_the_script(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small / "ci" / "test.sh").write_text("source lib/x.sh\nfrom_lib\n./ci/sub.sh\n")
    (small / "ci" / "sub.sh").write_text("run sub\n")
    (small / "ci" / "sub.sh").chmod(0o755)
    clone.git(small, "add", "--all")
    (small.parent / "linked").symlink_to("small/ci")
    shown = {}
    for directory, script in ((small, "ci/test.sh"), (small / "ci", "test.sh"), (small.parent, "linked/test.sh")):
        monkeypatch.chdir(directory)
        with dryrun.Recorder(Path(script), world_at(Path("/w"), commands=())) as recorder:
            found = recorder.observe(Case("c", ()))
        shown[script] = [str(question.place) for question in found.unanswered]
        # The lines of each file are read where it is: the head of a function is none that runs.
        assert {os.path.basename(file): lines for file, lines in found.lines.items()} == {
            "test.sh": {1, 2, 3},
            "x.sh": {1},
            "sub.sh": {1},
        }
    assert shown == {
        "ci/test.sh": ["lib/x.sh:1 in from_lib", "ci/sub.sh:1"],
        "test.sh": ["../lib/x.sh:1 in from_lib", "./sub.sh:1"],
        "linked/test.sh": [f"{small}/lib/x.sh:1 in from_lib", f"{small}/ci/sub.sh:1"],
    }


def test_a_file_in_the_repository_is_the_scripts_own_and_no_step(small: Path) -> None:
    (found,) = observe(small, "source lib/x.sh\nfrom_lib\necho x=1 > new.sh\nsource ./new.sh\n")
    assert [step.to_json()["kind"] for step in found.plan.steps] == ["exec", "write", "source"]


def test_what_is_not_tracked_is_not_there_and_that_is_settled(small: Path) -> None:
    (small / "untracked").write_text("")
    script = """[ -e untracked ] || run none
[ -e /etc/passwd ] || run none
[ -d .git ] || run none
[ -e lib/data/x ] || run none
cat never || run none
unknown
[ -e later ] || run none
"""
    (found,) = observe(small, script)
    assert words(found) == ["run none"] * 5 + ["unknown"] + ["run none"]
    asked = {question.subject[0] for question in found.unanswered if question.what is Asked.PATH}
    assert asked == {"/etc/passwd", "/w/space/.git", "/w/space/later"}


def test_a_case_may_have_other_files(small: Path) -> None:
    script = 'for f in lib/data lib/x.sh lib/more; do [ -e "$f" ] && run "$f" "$(cat "$f")"; done; :\n'
    plain, other, gone, again = observe(
        small,
        script,
        Case("plain", ()),
        Case("other", (), Overlay(files=(("/w/space/lib/data", "two\n"), ("/w/space/lib/more", "more\n")))),
        Case("gone", (), Overlay(absent=("/w/space/lib/x*", "/w/space/lib/data"))),
        Case("again", ()),
    )
    library = "run lib/x.sh from_lib() { run lib; }"
    assert words(plain) == words(again) == ["run lib/data one", library]
    assert words(other) == ["run lib/data two", library, "run lib/more more"]
    assert words(gone) == []


def test_what_is_not_as_git_has_it_is_said(small: Path) -> None:
    clone.make_repository(small.parent / "other", {"inner": "x\n"}, {})
    clone.git(small, "submodule", "--quiet", "add", str(small.parent / "other"), "third/party")
    (small / "lib" / "data").unlink()
    (small / "ci" / "new.sh").write_text("ls -A third/party lib\nrun\n")
    with dryrun.Recorder(small / "ci" / "new.sh", world_at(Path("/w"))) as recorder:
        found = recorder.observe(Case("c", ()))
    assert found.output == "lib:\nx.sh\n\nthird/party:\n"
    assert found.remarks == (
        "not tracked by git, and there all the same: ci/new.sh",
        "tracked by git, but not in the work tree, and so not there: lib/data",
        "git submodules, which are there as empty directories: third/party",
    )


def test_the_script_stands_where_it_stands_in_its_work_tree(small: Path) -> None:
    (found,) = observe(small, 'run "$0" "$PWD"\n', scripts="ci")
    assert words(found) == ["run ./ci/test.sh /w/space"]
    with pytest.raises(
        UsageError, match=r'the scripts stand in "steps", and .*/ci/test\.sh stands in "ci" of its work tree'
    ):
        observe(small, "", scripts="steps")


def test_without_a_work_tree_or_git(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(small / "ci", tmp_path / "plain" / "ci")
    with pytest.raises(UsageError, match=r'the world says "checkout", and .*plain/ci is in no git work tree'):
        observe(tmp_path / "plain", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(dryrun.CannotRunHere, match=r"there is no git on PATH.*: install git"):
        observe(small, "")


def test_the_environment_of_a_git_hook_changes_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert words(observe(small, "run $(ls)\n")[0]) == ["run ci lib"]


def test_no_program_that_a_repository_names_is_started(small: Path, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    spy.chmod(0o755)
    clone.git(small, "config", "core.fsmonitor", str(spy))
    observe(small, "run\n")
    observe(small, "run\n", checkout=False, scripts="ci")
    assert not (tmp_path / "started").exists()


def test_a_file_that_changes_meanwhile_is_an_error(small: Path) -> None:
    (small / "ci" / "test.sh").write_text("run\nrun $(cat lib/data)\n")
    with dryrun.Recorder(small / "ci" / "test.sh", world_at(Path("/w"))) as recorder:
        assert words(recorder.observe(Case("c", ()))) == ["run", "run one"]
        (small / "lib" / "data").write_text("other\n")
        with pytest.raises(model.RunFailed, match=r"/lib/data has been changed since the recorder began") as caught:
            recorder.observe(Case("c", ()))
    assert str(caught.value.place) == f"{small}/ci/test.sh:2"
    assert caught.value.command == "cat lib/data"


def test_a_file_that_is_written_while_another_process_reads_it_is_refused(small: Path) -> None:
    with pytest.raises(model.RunFailed, match="/w/space/lib/data is written while another process reads it"):
        observe(small, "while read -r x; do (echo more >> lib/data); break; done < lib/data\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")
def test_a_checkout_may_belong_to_somebody_else(small: Path) -> None:
    (small / "ci" / "test.sh").write_text("source lib/x.sh\nfrom_lib $(cat lib/data)\n")
    for above, _, names in os.walk(small):
        for path in (above, *(f"{above}/{name}" for name in names)):
            os.chown(path, 1234, 1234)
            os.chmod(path, 0o700 if os.path.isdir(path) else 0o600)
    with dryrun.Recorder(small / "ci" / "test.sh", world_at(Path("/w"), shell=("bash",))) as recorder:
        assert words(recorder.observe(Case("c", ()))) == ["run lib"]


# ---- what is big -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a 90 MB file, and 5,000 files that it ignores."""
    root = clone.make_repository(
        tmp_path_factory.mktemp("heavy") / "repository",
        {"ci/test.sh": "", "ci/.gitignore": ".venv/\n", "lib/x.sh": "", "ci/data": "x\n"},
        {},
    )
    make_heavy(root)
    clone.git(root, "add", "--all")
    return root


def make_heavy(root: Path) -> None:
    """Put what is big beside a script."""
    for place in ("ci", "."):
        with open(root / place / "blob", "wb") as file:
            file.truncate(90 << 20)
            file.seek((90 << 20) - 4)
            file.write(b"end\n")
    for number in range(50):
        directory = root / "ci" / ".venv" / f"package{number}"
        directory.mkdir(parents=True)
        for name in range(100):
            (directory / f"{name}.py").write_text("x = 1\n" * 100)


def used(base: Path) -> tuple[int, int]:
    """Return how many bytes of memory or disk the scratch directories below `base` use, and how many files."""
    found = [os.lstat(os.path.join(above, name)) for above, _, names in os.walk(base) for name in names]
    return sum(seen.st_blocks * 512 for seen in found), len(found)


@pytest.mark.parametrize("fields", [{}, {"checkout": False, "scripts": "ci"}], ids=["checkout", "beside"])
def test_nothing_big_is_copied(fields: dict[str, object], heavy: Path, tmp_path: Path, scratch_base: Path) -> None:
    light = clone.make_repository(tmp_path / "light", {"ci/test.sh": "", "ci/data": "x\n", "lib/x.sh": ""}, {})
    script = (
        'run "$(ls -A ci | wc -l)" "$(wc -c < ci/blob)" "$(tail -c 4 ci/blob)" "$(stat -c %s ci/blob)"\ncp ci/data y\n'
    )
    seen: dict[str, tuple[int, int]] = {}
    for name, root in (("heavy", heavy), ("light", light)):
        (root / "ci" / "test.sh").write_text(script)
        clone.git(root, "add", "--all")
        with dryrun.Recorder(root / "ci" / "test.sh", world_at(Path("/w"), **fields)) as recorder:
            found = recorder.observe(Case("c", ()))
            seen[name] = used(scratch_base)
        if name == "heavy":
            assert words(found)[0] == "run 4 94371840 end 94371840"
    assert seen["heavy"][0] - seen["light"][0] < 1 << 20
    assert seen["heavy"][1] - seen["light"][1] <= 3


def test_nothing_big_is_copied_for_a_world_of_version_1(heavy: Path) -> None:
    (heavy / "ci" / "test.sh").write_text('run "$(tail -c 4 ci/blob)"\n')
    world = world_at(Path("/w"), version=1, checkout=False, scripts="ci")
    with dryrun.Recorder(heavy / "ci" / "test.sh", world) as recorder:
        assert words(recorder.observe(Case("c", ()))) == ["run end"]


def test_what_is_written_is_counted_as_all_that_a_run_writes(heavy: Path) -> None:
    script = heavy / "ci" / "test.sh"
    script.write_text(": > blob; wc -c < blob; cat ci/blob | wc -c; mv ci/blob other; wc -c other\n")
    with (
        dryrun.Recorder(script, world_at(Path("/w"))) as recorder,
        pytest.raises(model.RunFailed, match="the run writes more than 33554432 bytes into files") as caught,
    ):
        recorder.observe(Case("c", ()))
    assert caught.value.command == "wc -c other"


def test_a_plain_folder_is_not_copied_either(tmp_path: Path, scratch_base: Path) -> None:
    (tmp_path / "ci").mkdir()
    make_heavy(tmp_path)
    script = tmp_path / "ci" / "test.sh"
    script.write_text('run "$(cat .venv/package7/3.py | wc -l)" "$(tail -c 4 blob)"\n')
    with dryrun.Recorder(script, world_at(Path("/w"), checkout=False)) as recorder:
        assert words(recorder.observe(Case("c", ()))) == ["run 100 end"]
        assert used(scratch_base)[0] < 8 << 20


# ---- beside a script ---------------------------------------------------------------------------------------------


def test_what_stands_beside_a_script(tmp_path: Path) -> None:
    """Links stay links, and none is followed out; git's own directory and what git ignores are left out."""
    files = {"ci/test.sh": "", "ci/sub/file": "file\n", "out/file": "outside\n", ".gitignore": "*.o\n/ci/made\n"}
    links = {
        "ci/in": "sub/file",
        "ci/dir": "sub",
        "ci/sub/up": "..",
        "ci/leads/out": "../../out/file",
        "ci/leads/far": "../../out",
        "ci/dangling": "sub/nothing",
        "ci/leads/nowhere": "../../nothing",
    }
    root = clone.make_repository(tmp_path / "work", files, links)
    for name in ("ci/x.o", "ci/made/file", "ci/nested/.git/config", "ci/new"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "ci" / "hard").hardlink_to(root / "ci" / "sub" / "file")
    os.mkfifo(root / "ci" / "pipe")
    script = root / "ci" / "test.sh"
    script.write_text(
        'find . -printf "%P %y %l\\n" | sort\n'
        "cat in hard sub/file; [ -e leads/out ] || run out; cmp hard sub/file; cp hard copy\n"
        "[ hard -ef sub/file ] || run; run < hard; run < sub/file\n"
    )
    with dryrun.Recorder(script, world_at(Path("/w"), checkout=False)) as recorder:
        found = recorder.observe(Case("c", ()))
    assert found.output.splitlines() == [
        " d ",
        "dangling l sub/nothing",
        "dir l sub",
        "hard f ",
        "in l sub/file",
        "leads d ",
        "leads/far l ../../out",
        "leads/nowhere l ../../nothing",
        "leads/out l ../../out/file",
        "nested d ",
        "new f ",
        "sub d ",
        "sub/file f ",
        "sub/up l ..",
        "test.sh f ",
        *["file"] * 3,
    ]
    assert "and are not followed: leads/far, leads/nowhere, leads/out" in " ".join(found.remarks)
    assert [step for step in clone.steps(found.plan.steps) if step[0] == "run"] == [
        ("run", "out", "@."),
        ("run", "@."),
        ("run", "@.", "<hard"),
        ("run", "@.", "<sub/file"),
    ]


def test_a_script_that_git_ignores_is_there(tmp_path: Path) -> None:
    root = clone.make_repository(tmp_path / "work", {".gitignore": "made/\n*.local.sh\n", "ci/x": ""}, {})
    (root / "made").mkdir()
    for name in ("made/test.sh", "ci/test.local.sh"):
        (root / name).write_text("run $(ls)\n")
        with dryrun.Recorder(root / name, world_at(Path("/w"), checkout=False)) as recorder:
            assert words(recorder.observe(Case("c", ())))[0].startswith("run test")
