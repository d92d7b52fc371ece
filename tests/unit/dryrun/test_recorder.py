"""Opening and closing a recorder, and what it says where it cannot work."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ci_port import dryrun, model
from ci_port.model.jobs import read_jobs
from tests.own_copy import own_copy
from tests.unit.dryrun import scene as scenes
from tests.unit.dryrun.test_programs import fake_bash


def test_a_bash_that_cannot_be_observed(tmp_path: Path, scratch_base: Path) -> None:
    with pytest.raises(dryrun.CannotRunHere) as caught:
        scenes.open_recorder(tmp_path, bash=fake_bash(tmp_path, "echo 'GNU bash, version 5.2.0'"))
    assert "Bash cannot be observed here" in str(caught.value)
    assert not list(scratch_base.iterdir())


def test_no_such_script(tmp_path: Path, scratch_base: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no script .*none\.sh"):
        dryrun.Recorder(tmp_path / "none.sh", scenes.WORLD)
    assert not list(scratch_base.iterdir())


def test_a_package_in_a_directory_with_a_blank(tmp_path: Path) -> None:
    copied = tmp_path / "a b: c"
    for room in ("bash", "dryrun", "model"):
        own_copy(Path(dryrun.__file__).parents[1] / room, copied / "ci_port" / room, without=("__pycache__",))
    (copied / "ci_port" / "__init__.py").write_text("", encoding="utf-8")
    script = tmp_path / "script.sh"
    script.write_text('run "$(echo x | tr x y)"\n', encoding="utf-8")
    code = (
        "import pathlib, sys; from ci_port import dryrun; from ci_port.model import Case, World\n"
        "w = World('/w', '/bin', pure=frozenset({'tr'}))\n"
        "with dryrun.Recorder(pathlib.Path(sys.argv[1]), w) as r: print(r.observe(Case('c', ())).plan.steps[0].argv)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(script)], cwd=copied, capture_output=True, text=True, check=False
    )
    assert done.stdout == "('run', 'y')\n", done.stderr


def test_recorders_in_many_threads(tmp_path: Path) -> None:
    """A recorder may outlive the thread that opened it, and be used by another."""
    opened: list[dryrun.Recorder] = []
    threads = [
        threading.Thread(target=lambda n=n: opened.append(scenes.open_recorder(tmp_path / str(n)))) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, recorder in enumerate(opened):
        with recorder:
            assert scenes.steps(scenes.Scene(recorder).run(f"run {number}")) == [f"run {number}"]


def test_an_error_leaves_a_recorder_that_works(scene: scenes.Scene) -> None:
    with pytest.raises(model.RunFailed) as caught:
        scene.run("cd made\necho x >../lines.txt\nf() {\n  kill -9 1\n}\nf\n")
    failure = caught.value
    assert failure.place is not None
    assert (failure.place.line, failure.place.functions) == (4, ("f",))
    assert failure.command == "kill -9 1"
    found = scenes.steps(scene.run('run "$(cat lines.txt)" *\n'))
    assert found == ["run 'one\ntwo\nthree' 'a b' lines.txt sub"]


def test_messages_are_the_end_of_what_was_printed(scene: scenes.Scene) -> None:
    assert scene.run("echo first >&2\necho last >&2\n").messages == "first\nlast\n"


def test_messages_that_are_cut_begin_with_a_whole_line(scene: scenes.Scene) -> None:
    kept = scene.run("for i in {1..1000}; do echo line $i >&2; done\n").messages.split("\n")
    assert kept[-2:] == ["line 1000", ""]
    assert kept[:-1] == [f"line {number}" for number in range(1002 - len(kept), 1001)]
    assert len(kept) < 1000


def test_a_pure_tool_that_is_not_installed_fails_when_it_is_used(tmp_path: Path) -> None:
    world = model.World("/w", "/bin", pure=frozenset({"no_such_tool"}))
    with scenes.open_recorder(tmp_path, world=world) as opened:
        script = "/w/.ci/pytorch/script.sh"
        unused = opened.observe(model.Case("c", (), model.Overlay(files=((script, "run\n"),))))
        assert scenes.steps(unused) == ["run"]
        with pytest.raises(model.RunFailed, match="no_such_tool is not installed here"):
            opened.observe(model.Case("c", (), model.Overlay(files=((script, "no_such_tool\n"),))))


def test_the_world_says_where_the_scripts_stand(tmp_path: Path) -> None:
    script = tmp_path / "here" / "main.sh"
    script.parent.mkdir()
    script.write_text('tool "$0" "${BASH_SOURCE[0]%/*}"\n')
    world = dataclasses.replace(scenes.WORLD, scripts="ci/steps")
    with dryrun.Recorder(script, world) as recorder:
        plan = recorder.observe(model.Case("case", ())).plan
    assert [step.to_json()["argv"] for step in plan.steps] == [["tool", "ci/steps/main.sh", "ci/steps"]]


def test_a_world_of_version_1_knows_no_arguments(scene: scenes.Scene) -> None:
    with pytest.raises(model.RunFailed, match=r'stdin of the case .c. needs a world with "version": 2'):
        scene.recorder.observe(model.Case("c", (), stdin=""))
    assert scene.recorder.observe(model.Case("c", ())).version == 1


def test_a_job_may_leave_a_variable_unset(scene: scenes.Scene) -> None:
    script = 'if [ -n "${CC+x}" ]; then compile "$CC"; fi\nbuild "${CC-none}"\n'
    jobs = read_jobs('CC\ngcc\n""\n<unset>\n', "jobs.csv", "{CC}")
    found = [scenes.steps(scene.run(script, env=dict(job.env))) for job in jobs]
    assert found == [["compile gcc", "build gcc"], ["compile ''", "build ''"], ["build none"]]


SYNTAX = (
    ("if", "run\nif", 3, ""),
    ("an arm without a command", "run\nif x; then\nfi\n", 3, "fi"),
    ("a quote", "run\nx='a\n\nb\n", 2, "x='a"),
    ("an operator", "run\n\n  a && && b\n", 3, "  a && && b"),
)


@pytest.mark.parametrize(("script", "line", "text"), [row[1:] for row in SYNTAX], ids=[row[0] for row in SYNTAX])
def test_a_script_that_bash_does_not_understand_has_no_plan(
    scene: scenes.Scene, script: str, line: int, text: str
) -> None:
    with pytest.raises(model.RunFailed, match="the script is no valid bash") as caught:
        scene.run(script)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.command == text


def test_a_script_may_end_as_bash_does_where_it_does_not_understand(scene: scenes.Scene) -> None:
    assert scene.run("run\nexit 2\n").plan.status == 2
    assert scene.run("eval 'if'\nexit 2\n").plan.status == 2


NO_ERRORS = {
    "extended globs": "shopt -s extglob\nrun !(lines.txt|sub)\nexit 2\n",
    "an alias": "shopt -s expand_aliases\nalias whether=if\nwhether true; then run; fi\nexit 2\n",
    "text behind the end": "run\nexit 2\n)text\n",
}


@pytest.mark.parametrize("script", NO_ERRORS.values(), ids=NO_ERRORS)
def test_what_is_an_error_only_to_who_reads_without_running_is_none(scene: scenes.Scene, script: str) -> None:
    plan = scene.run(script).plan
    assert (len(plan.steps), plan.status) == (1, 2)
