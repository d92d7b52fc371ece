"""The bench: a tool that a port asks for really runs, on the files of its run, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ci_port.host.bench import Task
from ci_port.host.tree import Directory, Regular, Symlink, Tree, Unread
from ci_port.model import Asked, Environment, Execute, File, Rule, RunFailed, World
from ci_port.project.bench import RecordingBench, own_nodes

WORLD = World(
    workspace="/w",
    path="/bin",
    scripts="ci",
    env=Environment({"HOME": "/home/u", "LANG": "C"}),
    version=2,
    files={"/w/list": "b\na\n", "/w/run": File("#!/bin/sh\n", 0o755)},
    dirs=frozenset({"/w/d"}),
    commands=(Rule(("build", "*"), 3, "built\n"),),
    pure=frozenset({"sort", "grep", "sed", "stat", "xargs"}),
)
COUNTING = replace(WORLD, commands=(Rule(("twice",), 1, nth=2), *WORLD.commands))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """An empty script with a library beside it."""
    script = tmp_path / "ci" / "script.sh"
    script.parent.mkdir()
    script.write_text("")
    (script.parent / "lib.sh").write_text("x=1\n")
    (script.parent / "lib.sh").chmod(0o700)
    return script


@pytest.fixture
def bench(script: Path) -> Iterator[RecordingBench]:
    """A bench beside the script."""
    bench = RecordingBench(script, WORLD)
    yield bench
    bench.close()


@pytest.fixture
def tree(script: Path) -> Tree:
    """The files at the start of a run."""
    return Tree.of(WORLD, own_nodes(script, WORLD))


def task(*argv: str, world: World = WORLD, **more: Any) -> Task:
    """A tool in the workspace."""
    plain = Task(world, argv, "/w", {"HOME": "/home/u", "LANG": "C", "PATH": "/bin"}, 0o022)
    return plain._replace(**more)


def test_a_text_tool_prints_and_is_no_step(bench: RecordingBench, tree: Tree) -> None:
    """The script would not have started anything that counts."""
    done = bench(task("sort", "list"), tree)
    assert (done.status, done.stdout, done.own, done.started, done.changes) == (0, "a\nb\n", None, (), {})


def test_what_is_fed_is_read(bench: RecordingBench, tree: Tree) -> None:
    """From its standard input."""
    assert bench(task("sed", "s/x/y/", stdin="x x\n"), tree).stdout == "y x\n"


def test_a_file_tool_is_a_step_and_changes_files(bench: RecordingBench, tree: Tree) -> None:
    """The tree that it was handed stays as it is: whoever asked takes the changes over."""
    done = bench(task("install", "-m", "600", "list", "d/copy"), tree)
    assert done.own is not None
    assert done.own.step == Execute(("install", "-m", "600", "list", "d/copy"))
    assert set(done.changes) == {"/w/d/copy"}
    copy = done.changes["/w/d/copy"]
    assert isinstance(copy, Regular)
    assert (copy.text, copy.mode) == ("b\na\n", 0o600)
    assert tree.node("/w/d/copy") is None


def test_what_the_run_did_before_is_there(bench: RecordingBench, tree: Tree) -> None:
    """Files, links, modes, directories, and what is gone."""
    tree.write("/w/new", "c\n", 0o644, append=False)
    tree.make_directory("/w/e", 0o700)
    tree.put("/w/link", Symlink("new"))
    tree.put("/w/run", None)
    done = bench(task("stat", "-c", "%A %n", "new", "e", "link", "run"), tree)
    assert done.stdout.splitlines() == ["-rw-r--r-- new", "drwx------ e", "lrwxrwxrwx link"]
    assert done.status == 1
    assert "run" in done.stderr


def test_what_goes_and_what_is_a_link_are_changes(bench: RecordingBench, tree: Tree) -> None:
    """None for what is gone."""
    assert bench(task("rm", "list"), tree).changes == {"/w/list": None}
    assert bench(task("ln", "-s", "list", "l"), tree).changes == {"/w/l": Symlink("list")}
    made = bench(task("mkdir", "-m", "711", "m"), tree).changes["/w/m"]
    assert isinstance(made, Directory)
    assert made.mode == 0o711


def test_the_mask_holds(bench: RecordingBench, tree: Tree) -> None:
    """That of the run, not that of the world."""
    made = bench(task("cp", "list", "copy", umask=0o077), tree).changes["/w/copy"]
    assert isinstance(made, Regular)
    assert made.mode == 0o600


def test_a_command_that_the_tool_starts_is_answered_by_the_world(bench: RecordingBench, tree: Tree) -> None:
    """It comes with its environment."""
    done = bench(task("xargs", "-n1", "build", stdin="x\n"), tree)
    assert [(one.step.argv, one.step.status) for one in done.started] == [(("build", "x"), 3)]
    assert done.started[0].env["HOME"] == "/home/u"
    assert done.status == 123  # xargs(1): a command has ended with 1 to 125


def test_both_outputs_are_one_where_they_are_merged(bench: RecordingBench, tree: Tree) -> None:
    """As behind `2>&1`."""
    done = bench(task("sort", "list", "nothing", merged=True), tree)
    assert "nothing" in done.stdout
    assert done.stderr == ""


def test_what_nothing_answers_is_handed_on(bench: RecordingBench, tree: Tree) -> None:
    """A path that nobody has said anything of."""
    asked = bench(task("grep", "x", "unknown"), tree).unanswered
    assert [(one.what, one.subject) for one in asked] == [(Asked.PATH, ("/w/unknown",))]


def test_rules_that_count_and_tools_that_start_others_do_not_go_together(bench: RecordingBench, tree: Tree) -> None:
    """The count of the run is not known to the bench."""
    with pytest.raises(RunFailed, match="counts"):
        bench(task("xargs", "twice", world=COUNTING), tree)


def test_an_environment_that_bash_does_not_pass_on_is_refused(bench: RecordingBench, tree: Tree) -> None:
    """As for any run."""
    with pytest.raises(RunFailed):
        bench(task("sort", "list", env={"BASHOPTS": "extglob"}), tree)


def test_own_nodes_are_read_when_they_are_wanted(script: Path) -> None:
    """The script's own files, with their modes, where the script stands in the world."""
    lib = own_nodes(script, WORLD)["/w/ci/lib.sh"]
    assert isinstance(lib, Regular)
    assert isinstance(lib.text, Unread)
    assert lib.mode == 0o755  # executable or not, as git keeps it
