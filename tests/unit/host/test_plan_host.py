"""What a plan holds, and what a dry run refuses to guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ci_port.host import Session, observe
from ci_port.model import Case, Execute, Limit, Overlay, RunFailed, Source, Step, World, Write


def steps(program: Callable[[Session], None], world: World, overlay: Overlay | None = None) -> tuple[Step, ...]:
    """Return the steps of a program."""
    return observe(program, world, Case("case", (), overlay)).plan.steps


def test_environment_changes_are_relative_to_the_last_command(world: World) -> None:
    """The first command's to the start; PWD and the like are left out."""

    def program(sh: Session) -> None:
        sh.export(B="2", A="1")
        sh.run("first")
        sh.export(PWD="/elsewhere")
        sh.run("second")
        sh.unset("A")
        sh.run("third", env={"T": "temp"})
        sh.run("fourth")

    assert steps(program, world) == (
        Execute(("first",), env=(("A", "1"), ("B", "2"))),
        Execute(("second",)),
        Execute(("third",), env=(("A", None), ("T", "temp"))),
        Execute(("fourth",), env=(("T", None),)),
    )


def test_cat_is_pure_only_if_the_file_exists(world: World) -> None:
    """A missing file makes it a command like any other, which the world may answer."""
    seen = []

    def program(sh: Session) -> None:
        seen.append(sh.output("cat", "notes.txt"))
        seen.append(sh.output("cat", "missing"))
        sh.run("cat", "test")

    observation = observe(program, world, Case("case", ()))
    assert observation.plan.steps == (Execute(("cat", "missing"), stdout="pipe"),)
    assert observation.plan.status == 1
    assert seen == ["# one\ntwo words", ""]
    assert [probe.subject for probe in observation.unanswered] == [("cat", "missing")]
    assert not observation.trusted


def test_other_pure_tools_are_refused(world: World) -> None:
    """The port computes them itself."""
    with pytest.raises(RunFailed, match="pure tool"):
        steps(lambda sh: sh.run("grep", "x"), world)


def test_written_files_are_seen_later(world: World) -> None:
    """In the same run, and only there."""

    def program(sh: Session) -> None:
        sh.write("new/file", "a\n")
        sh.write("new/file", "b\n", append=True)
        assert sh.output("cat", "new/file") == "a\nb"
        assert sh.is_dir("new")
        sh.write("/outside", "x")
        sh.write("test", "x")

    for _ in range(2):
        assert steps(program, world) == (
            Write("new/file", False, "a\n"),
            Write("new/file", True, "b\n"),
            Write("/outside", False, "x"),
        )


def test_sourced_content_is_refused(world: World) -> None:
    """An empty file contributes nothing, anything else cannot be known."""
    assert steps(lambda sh: sh.source("empty.sh"), world) == (Source("empty.sh"),)
    with pytest.raises(RunFailed, match="content"):
        steps(lambda sh: sh.source("notes.txt"), world)


def test_entered_directories_exist_from_then_on(world: World) -> None:
    """Also after the subshell that entered them."""

    def program(sh: Session) -> None:
        assert not sh.is_dir("new")
        with sh.subshell("new/deep"):
            sh.run("a")
        assert sh.is_dir("new/deep")
        sh.run("b")

    assert steps(program, world) == (Execute(("a",), "new/deep"), Execute(("b",), "."))


def test_a_case_lays_its_world_over(world: World) -> None:
    """Files come and go."""

    def program(sh: Session) -> None:
        sh.run(*sh.split("ls *.txt dist/*"))

    overlay = Overlay(files=(("/w/more.txt", ""),), absent=("/w/dist/a.whl",))
    assert steps(program, world, overlay) == (Execute(("ls", "more.txt", "notes.txt", "dist/b.whl")),)


def test_limits(world: World) -> None:
    """`ulimit -c 0`."""
    assert steps(lambda sh: sh.limit("core", 0), world) == (Limit("core", 0),)


@pytest.mark.parametrize(
    ("change", "named"), [(("BASH_ENV", "x"), "BASH_ENV"), (("IFS", ","), "IFS"), (("PATH", None), "PATH")]
)
def test_an_environment_in_which_bash_is_another_is_refused(
    world: World, change: tuple[str, str | None], named: str
) -> None:
    with pytest.raises(RunFailed, match=named):
        observe(lambda sh: None, world, Case("case", (change,)))


def test_a_world_of_version_1_knows_no_arguments(world: World) -> None:
    """Rather than to leave them out."""
    with pytest.raises(RunFailed, match=r'args of the case .case. needs a world with "version": 2'):
        observe(lambda sh: None, world, Case("case", (), None, ("-v",)))


def test_an_observation_knows_the_version_of_its_world(world: World) -> None:
    """It decides what costs trust."""
    assert observe(lambda sh: None, world, Case("case", ())).version == 1
    assert observe(lambda sh: None, replace(world, version=2), Case("case", ())).version == 2


@pytest.mark.parametrize("word", ["a\0b", "half \ud800", "\udcff\0"])
@pytest.mark.parametrize("of", ["words", "environment"])
def test_what_no_process_can_be_given_is_no_plan(word: str, of: str, world: World) -> None:
    def program(sh: Session) -> None:
        if of == "words":
            sh.run("tool", word)
        else:
            sh.run("tool", env={"A": word})

    with pytest.raises(RunFailed, match=r"a word that no process can be given.*command: 'tool'"):
        steps(program, world)


def test_bytes_that_are_no_text_are_words(world: World) -> None:
    assert steps(lambda sh: sh.run("tool", "\udcff", "ä"), world) == (Execute(("tool", "\udcff", "ä")),)
