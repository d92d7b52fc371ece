"""What a rule makes and removes in the tree; the templates of its paths are filled in as the model does."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import Content, File, Link, Rule, RunFailed
from ci_port.model.observation import Left
from ci_port.model.rules import Made
from ci_port.model.templates import filled
from tests.unit.dryrun import scene as scenes
from tests.unit.model.test_templates import ARGV, FILLED, WORDS


def made(scene: scenes.Scene, argv: tuple[str, ...], *templates: str) -> set[str]:
    """Return the directories below `box` that a rule makes which has these templates."""
    rule = Rule((argv[0], "**"), makes=tuple((f"box/{template}", None) for template in templates))
    left = scene.run(shlex.join(argv), rules=(rule,)).files
    return {path.removeprefix("box").lstrip("/") or "." for path in left if path.split("/")[0] == "box"}


def expected(argv: tuple[str, ...], *templates: str) -> set[str]:
    """Return what the model says to that: each directory with those above it."""
    found = set()
    for template in templates:
        path = filled(template, argv)
        if path is not None:
            parts = [part for part in path.split("/") if part]
            found |= {"/".join(parts[:count]) or "." for count in range(len(parts) + 1)}
    return found


@pytest.mark.parametrize(("template", "want"), FILLED)
def test_templates_are_filled_in_as_the_model_does(scene_2: scenes.Scene, template: str, want: str | None) -> None:
    assert filled(template, ARGV) == want
    assert made(scene_2, ARGV, template) == expected(ARGV, template)


@pytest.mark.parametrize("word", [row[0] for row in WORDS if row[0] != ".."])
@pytest.mark.parametrize("part", ["name", "stem", "dir", "repository"])
def test_parts_of_a_word_are_those_of_the_model(scene_2: scenes.Scene, word: str, part: str) -> None:
    argv = ("tool", word)
    assert made(scene_2, argv, f"x{{1.{part}}}x") == expected(argv, f"x{{1.{part}}}x")


LETTERS = st.text("ab./:{}0{1.-é ", max_size=6)
PIECES = st.sampled_from(
    [
        "x",
        "/",
        ".",
        "{",
        "}",
        "{0}",
        "{1}",
        "{2}",
        "{9}",
        "{01}",
        "{1.name}",
        "{2.stem}",
        "{1.dir}",
        "{2.repository}",
        "{1.x}",
    ]
)


@given(
    st.tuples(
        LETTERS, LETTERS, st.sampled_from(["a.git", "/x/.git", "h:p/q.bundle", "//", "a//b///", "..a", "a..", ".git"])
    ),
    st.lists(PIECES, min_size=1, max_size=5).map("".join),
)
def test_any_template_means_the_same_on_both_sides(
    scene_2: scenes.Scene, words: tuple[str, ...], template: str
) -> None:
    argv = ("tool", *words)
    whole = filled(template, argv)
    # Dots lead elsewhere, and are the affair of the kernel: no part of a path is one here.
    if whole is not None and any(part in (".", "..") for part in whole.split("/")):
        return
    assert made(scene_2, argv, template) == expected(argv, template)


@dataclass(frozen=True)
class Row:
    """A rule for `gen`, what stood there, and what is left of it."""

    name: str
    makes: dict[str, Made]
    want: dict[str, Left]
    removes: tuple[str, ...] = ()
    files: tuple[tuple[str, Content], ...] = ()
    script: str = "gen"


def regular(text: str = "", mode: int = 0o644) -> Left:
    """Return a file that is left."""
    return Left("file", mode, text)


DIRECTORY = Left("directory", 0o755, "")
ROWS = (
    Row("a file", {"f": "text\n"}, {"f": regular("text\n")}),
    Row("a file whatever the umask", {"f": ""}, {"f": regular()}, script="umask 077; gen"),
    Row("a file with a mode", {"f": File("x", 0o750)}, {"f": regular("x", 0o750)}),
    Row("bytes that are no text", {"f": "\udcff\0"}, {"f": regular("\udcff\0")}),
    Row("a directory", {"d": None}, {"d": DIRECTORY}),
    Row("a directory by the umask", {"d": None}, {"d": Left("directory", 0o700, "")}, script="umask 077; gen"),
    Row("a directory that is there", {"d": None}, {"d": DIRECTORY, "d/f": regular("x")}, files=(("/w/d/f", "x"),)),
    Row("what stands above it", {"a/b/f": ""}, {"a": DIRECTORY, "a/b": DIRECTORY, "a/b/f": regular()}),
    Row("a link", {"l": Link("to/nowhere")}, {"l": Left("link", 0o777, "to/nowhere")}),
    Row("a link to an absolute path", {"l": Link("/w/x")}, {"l": Left("link", 0o777, "/w/x")}),
    Row("over a file", {"f": "new"}, {"f": regular("new")}, files=(("/w/f", File("old", 0o600)),)),
    Row("over a file that is read-only", {"f": "new"}, {"f": regular("new")}, files=(("/w/f", File("old", 0o444)),)),
    Row("a directory that is there", {"d": None}, {"d": DIRECTORY, "d/f": regular("old")}, files=(("/w/d/f", "old"),)),
    Row(
        "over a link, not through it",
        {"l": "new"},
        {"l": regular("new"), "t": regular("t")},
        files=(("/w/l", Link("t")), ("/w/t", "t")),
    ),
    Row(
        "through a link above it",
        {"l/f": "new"},
        {"d": DIRECTORY, "d/f": regular("new"), "l": Left("link", 0o777, "d")},
        files=(("/w/l", Link("d")),),
        script="mkdir d; gen",
    ),
    Row("in the command's directory", {"f": ""}, {"d": DIRECTORY, "d/f": regular()}, script="mkdir d; cd d; gen"),
    Row("at an absolute path", {"/w/f": ""}, {"f": regular(), "d": DIRECTORY}, script="mkdir d; cd d; gen"),
    Row("from a directory below", {"../f": ""}, {"f": regular(), "d": DIRECTORY}, script="mkdir d; cd d; gen"),
    Row("twice the same", {"f": "1", "./f": "2"}, {"f": regular("2")}),
    Row("a file is removed", {}, {}, ("f",), (("/w/f", ""),)),
    Row("a directory is removed with all that is in it", {}, {}, ("d",), (("/w/d/e/f", ""), ("/w/d/g", ""))),
    Row(
        "a link is removed, and not what it leads to",
        {},
        {"t": regular("t")},
        ("l",),
        (("/w/l", Link("t")), ("/w/t", "t")),
    ),
    Row(
        "a link to a directory is removed alone",
        {},
        {"d": DIRECTORY, "d/f": regular()},
        ("l",),
        (("/w/l", Link("d")), ("/w/d/f", "")),
    ),
    Row("what is not there is removed", {}, {}, ("none", "a/b/none")),
    Row("what is removed goes first", {"f": "new"}, {"f": regular("new")}, ("f",), (("/w/f", "old"),)),
    Row("a directory that may not be written", {}, {}, ("d",), (("/w/d/f", ""),), script="chmod 555 d; gen"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_a_rule_does_to_files(scene_2: scenes.Scene, row: Row) -> None:
    rule = Rule(("gen",), makes=tuple(row.makes.items()), removes=row.removes)
    observation = scene_2.run(row.script, rules=(rule,), files=dict(row.files))
    left = {path: seen for path, seen in observation.files.items() if path.split("/")[0] != "ci"}
    assert left == row.want
    assert scenes.asked(observation) == []


CANNOT_BE_MADE = (
    ("over a directory", "mkdir d", ("d", "new"), "/w/d", "Is a directory"),
    ("a link over a directory", "mkdir d", ("d", Link("x")), "/w/d", "Is a directory"),
    ("a directory over a file", "touch f", ("f", None), "/w/f", "File exists"),
    ("a directory over a link", "ln -s none l", ("l", None), "/w/l", "File exists"),
    ("below a file", "touch f", ("f/x", "new"), "/w/f/x", "Not a directory"),
    ("below a link that leads nowhere", "ln -s none l", ("l/x", "new"), "/w/l/x", "No such file or directory"),
)
"""What no command could make: name, what the script does before, what the rule makes, the path and the reason."""


@pytest.mark.parametrize(
    ("name", "script", "makes", "path", "why"), CANNOT_BE_MADE, ids=[row[0] for row in CANNOT_BE_MADE]
)
def test_what_no_command_could_make_is_an_error(
    scene_2: scenes.Scene, name: str, script: str, makes: tuple[str, Content | None], path: str, why: str
) -> None:
    del name
    with pytest.raises(RunFailed, match=f"^.*{path}, which a rule makes, cannot be made: {why}"):
        scene_2.run(f"{script}; gen", rules=(Rule(("gen",), makes=(makes,)),))


def test_what_is_made_is_there_before_anything_is_printed(scene_2: scenes.Scene) -> None:
    rule = Rule(("gen",), stdout="f\n", makes=(("f", "x\n"),))
    script = 'gen | while read -r name; do emit "$name" "$(cat "$name")"; done'
    assert scenes.steps(scene_2.run(script, rules=(rule,))) == ["gen out:pipe", "emit f x in:pipe"]


def test_what_is_made_is_newer_than_what_was_there(scene_2: scenes.Scene) -> None:
    rule = Rule(("gen",), makes=(("f", ""),))
    script = "touch old; gen; [ f -nt old ] && [ f -nt world ] && emit; touch new; [ new -nt f ] && emit"
    found = scene_2.run(script, rules=(rule,), files={"/w/world": ""})
    assert scenes.steps(found) == ["touch old", "gen", "emit", "touch new", "emit"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule(("gen",), makes=(("d/new", ""),)), "/w/d/new, which a rule makes, cannot be made: Permission denied"),
        (Rule(("gen",), removes=("d/f",)), "/w/d/f, which a rule removes, cannot be removed: Permission denied"),
    ],
)
def test_what_a_rule_says_is_done_or_is_an_error(scene_2: scenes.Scene, rule: Rule, problem: str) -> None:
    with pytest.raises(RunFailed, match=problem):
        scene_2.run("chmod 555 d; gen", rules=(rule,), files={"/w/d/f": ""})
    assert scene_2.run("emit *", files={"/w/d/f": ""}).files["d"] == DIRECTORY
