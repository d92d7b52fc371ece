"""What the shell has started, parted into calls and processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ci_port.dryrun import Recorder
from ci_port.model import Case
from ci_port.shell.runs import Event, Run, runs_of
from tests.unit.dryrun import scene as scenes
from tests.unit.shell.covering import Covering


def told(run: Run) -> str:
    """Return a run on one line: its function, marks, and its commands; `(…)` is a process."""
    items = [item.started.text if isinstance(item, Event) else f"({len(item.run.items)})" for item in run.items]
    marks = (
        ("read", run.read),
        ("trap", run.trapped),
        ("fork", run.forked),
        ("returned", run.returned),
        ("inside", run.inner is not None),
    )
    return " ".join([run.function, *(mark for mark, is_so in marks if is_so)]) + ": " + "; ".join(items)


def parted(covering: Covering, text: str) -> list[str]:
    return [told(run) for run in runs_of(covering.course(text).started)]


def test_calls_stand_behind_what_calls_them(covering: Covering) -> None:
    assert parted(covering, "f() { emit 1; g; }\ng() { emit 2; }\nf\nf\nemit 3\n") == [
        "main: f; f; emit 3",
        "f returned: emit 1; g",
        "g returned: emit 2",
        "f returned: emit 1; g",
        "g returned: emit 2",
    ]


def test_processes_stand_where_they_begin(covering: Covering) -> None:
    assert parted(covering, "( emit 1; ( emit 2; : ); : )\nf() { emit 3; }\nf | { emit 4; }\nx=$(f)\n") == [
        "main: (3); f; (0); (1); x=$(f); (1)",
        "main fork: emit 1; (2); :",
        "main fork: emit 2; :",
        "main fork inside: ",
        "f: emit 3",
        "main fork: emit 4",
        "main fork inside: f",
        "f: emit 3",
    ]


def test_where_the_script_ends_within_a_call(covering: Covering) -> None:
    assert parted(covering, "f() { exit 1; }\nf\n") == ["main inside: f", "f: exit 1"]


def test_text_of_eval_and_of_traps(covering: Covering) -> None:
    text = "f() { emit \"$1\"; }\ntrap 'f 2' EXIT\neval 'f 1'\nemit 3\n"
    assert parted(covering, text) == [
        "main: trap 'f 2' EXIT; eval 'f 1'; emit 3",
        "main read returned: f 1",
        'f returned: emit "$1"',
        "main read trap: f 2",
        'f trap: emit "$1"',
    ]


def test_a_script_that_is_followed_is_a_shell_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "script.sh").write_text("f() { bash ci/more.sh; }\nf\nemit 3\n")
    (tmp_path / "more.sh").write_text("( emit 1 )\nemit 2\n")
    world = replace(scenes.WORLD_2, follow=("ci/*.sh",))
    with Recorder(tmp_path / "script.sh", world, courses=True) as recorder:
        course = recorder.observe(Case("case", ())).course
    assert course is not None
    assert [told(run) for run in runs_of(course.started)] == [
        "main: f; emit 3",
        "f returned: bash ci/more.sh",
        "main: (1); emit 2",
        "main fork: emit 1",
    ]
