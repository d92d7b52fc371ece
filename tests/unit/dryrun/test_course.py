"""The course of a run: each command that the shell starts, as bash itself shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port import dryrun
from ci_port.model import Observation
from ci_port.model.observation import Course, Started
from ci_port.model.plan import dumps
from tests.unit.dryrun import scene as scenes
from tests.unit.dryrun.test_lines import ROWS as LINES


@pytest.fixture(scope="module")
def with_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[scenes.Scene]:
    """A scene whose recorder writes down courses."""
    directory = tmp_path_factory.mktemp("course")
    with scenes.open_recorder(directory, world=scenes.WORLD_2, decides=scenes.no_status, courses=True) as recorder:
        yield scenes.Scene(recorder, scenes.SCRIPT_2)


def course_of(scene: scenes.Scene, text: str, **env: str) -> Course:
    course = scene.run(text, env=env).course
    assert course is not None
    return course


def told(started: Started) -> str:
    """Return a command on one line: process, level, line, function, status, text."""
    marks = "trap " if started.trapped else ""
    process = ".".join("x" for _ in started.process)
    return f"{process}{started.level} {started.place.line} {started.function} {started.status} {marks}{started.text}"


@dataclass(frozen=True)
class Row:
    """A script, and what it starts."""

    name: str
    text: str
    started: tuple[str, ...]


ROWS = (
    Row("commands", "emit 1\nx=1\n> /dev/null\n", ("1 1 main 0 emit 1", "1 2 main 0 x=1", "1 3 main 0 > /dev/null")),
    Row(
        "statuses",
        "fails\n! true\n(exit 4)\n:\n",
        ("1 1 main 0 fails", "1 2 main 3 true", "x1 3 main 1 exit 4", "1 4 main 4 :"),
    ),
    Row(
        "calls",
        "f() { emit; }\nf\neval f\n",
        ("1 2 main 0 f", "2 1 f 0 emit", "1 3 main 0 eval f", "2 3 main 0 f", "3 1 f 0 emit"),
    ),
    Row(
        "heads",
        "for i in 1 2; do :; done\nfor ((;0;)); do :; done\ncase a in b) ;; esac\n[[ a ]] && (( 1 ))\n",
        (
            *("1 1 main 0 for i in 1 2", "1 1 main 0 :") * 2,
            *("1 2 main 0 ((1))", "1 2 main 0 ((0))"),
            *("1 3 main 0 case a in ", "1 4 main 0 [[ -n a ]]", "1 4 main 0 (( 1 ))"),
        ),
    ),
    Row(
        "what is only read",
        'x="$(emit "$(emit 1)")"\n',
        ('1 1 main 0 x="$(emit "$(emit 1)")"', 'x1 1 main 0 emit "$(emit 1)"', "x.x1 1 main 0 emit 1"),
    ),
    Row(
        "a trap",
        "f() { emit 1; }\ntrap 'f; emit 2' EXIT\n",
        ("1 2 main 0 trap 'f; emit 2' EXIT", "1 1 main 0 trap f", "2 1 f 0 trap emit 1", "1 1 main 0 trap emit 2"),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_command_that_is_started(with_course: scenes.Scene, row: Row) -> None:
    assert tuple(map(told, course_of(with_course, row.text).started)) == row.started


def test_variables_of_tests_that_bash_does_not_show_one_by_one(with_course: scenes.Scene) -> None:
    text = """\
set -- one two
declare -n other=RANDOM
[[ $A == x && -z $B ]]
[[ $A == x ]]
case $1 in *) ;; esac
[[ $RANDOM == 1 && $A ]]
[[ $other == 1 && $A ]]
shopt -s nocasematch
case $A in *) ;; esac
"""
    known = [
        started.variables and {name: value for name, value in started.variables.items() if name in ("A", "B", "1")}
        for started in course_of(with_course, text, A="x").started
        if started.text.startswith(("[[", "case"))
    ]
    assert known == [{"A": "x"}, None, {"1": "one"}, None, None, None]


def test_a_course_that_needs_too_much_room_is_cut(tmp_path: Path) -> None:
    limits = dryrun.Limits(log=1 << 20)
    with scenes.open_recorder(tmp_path, limits, scenes.WORLD_2, courses=True) as recorder:
        course = course_of(
            scenes.Scene(recorder, scenes.SCRIPT_2), "for ((i = 0; i < 9999; i++)); do :; done\nemit 1\n"
        )
    assert course.cut
    assert course.started


def test_without_being_asked_there_is_none(scene_2: scenes.Scene) -> None:
    assert scene_2.run("emit 1\n").course is None


TRAPS_AND_CHANCE = (
    """\
f() { emit "$1" $RANDOM; }
trap f DEBUG
trap "f \\$(emit x)" ERR RETURN EXIT
fails
( fails; f 1 ) | cat
trap -p
""",
    """\
declare -n r=RANDOM
[[ $r -gt 9 && $A ]] || emit "$r"
case $r in 1*) emit "$r" ;; *) emit "$r" "$SRANDOM" ;; esac
""",
    """\
set -Tx
trap 'emit "$BASH_COMMAND" "$LINENO" "$_"' DEBUG
f() { x=$(emit 1; : "$(say)"); echo "$x"; }
f 2>&1
""",
    """\
emit a b; emit "$_"
f() { emit $LINENO "${BASH_LINENO[*]}" "${FUNCNAME[*]}"; }
{ f; } 2> "$(echo file)"
declare -f f
""",
    "emit & emit $!\nwait $!\ncoproc { read -r x; emit $x; }\necho 1 >&${COPROC[1]}\nwait\n",
)


@pytest.mark.parametrize("text", [*(row.script for row in LINES), *TRAPS_AND_CHANCE])
def test_a_run_is_the_same_with_and_without_its_course(
    scene_2: scenes.Scene, with_course: scenes.Scene, text: str
) -> None:
    assert shown(with_course.run(text)) == shown(scene_2.run(text))


def shown(observation: Observation) -> list[object]:
    """Return all that an observation shows but its course; the script's own directory is another in each recorder."""
    plan = dumps(observation.plan.to_json())
    places = [(Path(place.file).name, place.line, place.functions) for place in observation.places]
    asked = [(one.what, one.subject, one.place.line) for one in observation.unanswered]
    lines = {Path(file).name: numbers for file, numbers in observation.lines.items()}
    return [plan, places, asked, lines, observation.messages, observation.output, observation.remarks]
