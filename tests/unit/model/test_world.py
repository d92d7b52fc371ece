"""Worlds, their rules, cases, and what is said about malformed ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ci_port.model import Case, DataError, Document, Overlay, Rule, World
from ci_port.model.world import (
    Answers,
    case_from_json,
    case_to_json,
    load_world,
    overlay_from_json,
    read_cases,
    read_text,
    world_from_json,
)

PACKAGED = Path(__file__).resolve().parents[3] / "ci_port" / "data" / "pytorch" / "world.json"


@pytest.mark.parametrize(
    ("rule", "argv", "matches"),
    [
        (["git", "status"], ["git", "status"], True),
        (["git", "status"], ["git", "status", "-s"], False),
        (["git", "status"], ["git"], False),
        (["git", "*"], ["git", "status"], True),
        (["git", "*"], ["git"], False),
        (["git", "*"], ["git", "a", "b"], False),
        (["git", "**"], ["git"], True),
        (["git", "**"], ["git", "a", "b"], True),
        (["git", "**"], ["hg"], False),
        (["git", "a", "**"], ["git"], False),
        (["git", "a*"], ["git", "ab"], False),
        (["git", "a*"], ["git", "a*"], True),
        (["**"], [], True),
        (["*"], ["x"], True),
    ],
)
def test_a_rule_matches_element_by_element(rule: list[str], argv: list[str], matches: bool) -> None:
    assert Rule(tuple(rule)).matches(argv) is matches


def test_when_looks_at_the_starting_environment_unset_as_empty() -> None:
    rule = Rule(("x",), when=(("BE", "*cuda*"), ("FLAG", "")))
    assert rule.applies({"BE": "linux-cuda12"})
    assert rule.applies({"BE": "cuda", "FLAG": ""})
    assert not rule.applies({"BE": "cuda", "FLAG": "1"})
    assert not rule.applies({})


def test_the_first_rule_that_speaks_of_a_command_answers() -> None:
    rules = (Rule(("a", "b"), status=1), Rule(("a", "**"), stdout="x"))
    answers = Answers(rules)
    assert answers.to(["a", "b"]) is rules[0]
    assert answers.to(["a", "c"]) is rules[1]
    assert answers.to(["b"]) is None
    assert answers.to(["a", "b"]) is rules[0]


def test_a_rule_can_speak_of_the_nth_command_that_it_matches() -> None:
    rules = (Rule(("a", "**"), status=1, nth=2), Rule(("a", "b"), stdout="x"))
    answers = Answers(rules)
    assert [answers.to(["a", word]) for word in "bcbb"] == [rules[1], rules[0], rules[1], rules[1]]
    assert [Answers(rules).to(["a", "b"]) for _ in range(2)] == [rules[1], rules[1]]


def test_the_start_has_path_the_worlds_and_the_cases_variables() -> None:
    world = world_from_json(Document('{"workspace":"/w","path":"/bin","env":{"A":"1","B":"2"}}', "w").parse())
    assert world.start() == {"PATH": "/bin", "A": "1", "B": "2"}
    assert world.start({"A": None, "B": "", "C": "3"}) == {"PATH": "/bin", "B": "", "C": "3"}


def test_rules_are_those_whose_when_holds() -> None:
    world = World("/w", "/bin", commands=(Rule(("a",), when=(("X", "1"),)), Rule(("b",))))
    assert [rule.argv for rule in world.rules({"X": "1"})] == [("a",), ("b",)]
    assert [rule.argv for rule in world.rules({})] == [("b",)]


def test_an_overlay_puts_rules_first_adds_files_and_removes() -> None:
    world = World(
        "/w",
        "/bin",
        executables=frozenset({"/bin/x", "/bin/y"}),
        dirs=frozenset({"/d", "/e"}),
        files={"/f": "old", "/g": "g"},
        commands=(Rule(("a",)),),
    )
    overlay = Overlay((Rule(("a",), status=1),), (("/f", "new"), ("/h", "")), ("/bin/y", "/e", "/g"))
    overlaid = world.overlaid(overlay)
    assert [rule.status for rule in overlaid.commands] == [1, 0]
    assert overlaid.files == {"/f": "new", "/h": ""}
    assert overlaid.executables == {"/bin/x"}
    assert overlaid.dirs == {"/d"}
    assert world.overlaid(None) is world


def test_the_packaged_world_is_read_whole() -> None:
    raw = json.loads(PACKAGED.read_text())
    world = load_world(PACKAGED)
    assert world.workspace == raw["workspace"]
    assert dict(world.env) == raw["env"]
    assert len(world.commands) == len(raw["commands"])
    assert world.files == raw["files"]
    assert world.pure == set(raw["pure"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"path":"/bin"}', ":1: field workspace is missing"),
        (
            '{"workspace":"w","path":"/bin"}',
            ":1: field workspace: an absolute path without empty, '.' or",
        ),
        ('{"workspace":"/w/","path":"/bin"}', "field workspace: an absolute path"),
        ('{"workspace":"/w",\n"path":"/bin",\n"dirs":["/ok",\n"/a/../b"]}', ":3: field dirs: an absolute path"),
        ('{"workspace":"/w","path":"/bin","files":{"x":""}}', "field files: an absolute path"),
        ('{"workspace":"/w","path":"/bin","env":{"A=":"x"}}', "field env: not a variable name: 'A='"),
        ('{"workspace":"/w","path":"/bin","colour":1}', "field colour: unknown field"),
        ('{"workspace":"/w","path":"/bin","commands":[{"argv":[]}]}', "field commands[0].argv: a command has at least"),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["**","x"]}]}',
            'field commands[0].argv: "**" can only be the last word',
        ),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["x"]},\n{"argv":["x"],"status":256}]}',
            ":2: field commands[1].status: an exit status from 0 to 255 is expected, found 256",
        ),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["x"],"when":{"A":"@(a)"}}]}',
            "field commands[0].when: A: extended glob in pattern",
        ),
        ('{"workspace":"/w","path":"/bin","commands":[{"argv":["x"],"stdut":""}]}', "field commands[0].stdut: unknown"),
    ],
)
def test_a_malformed_world_names_file_line_and_field(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "world.json"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_world(path)
    assert str(caught.value).startswith(f"{path}:")
    assert problem in str(caught.value)


CASE = {
    "id": "x",
    "env": {"A": "1", "B": None},
    "world": {
        "commands": [{"argv": ["git", "**"], "status": 1, "stdout": "out", "when": {"A": "1*"}}, {"argv": ["x"]}],
        "files": {"/f": "text"},
        "absent": ["/g"],
    },
}


def test_a_case_comes_back_from_its_json() -> None:
    case = case_from_json(Document(json.dumps(CASE), "c").parse())
    assert case == Case(
        "x",
        (("A", "1"), ("B", None)),
        Overlay((Rule(("git", "**"), 1, "out", (("A", "1*"),)), Rule(("x",))), (("/f", "text"),), ("/g",)),
    )
    assert case_to_json(case) == CASE
    assert case_to_json(Case("y", ())) == {"id": "y", "env": {}}


def test_an_empty_overlay_changes_nothing() -> None:
    assert overlay_from_json(Document("{}", "o").parse()) == Overlay()


def test_cases_are_read_line_by_line_and_may_carry_a_plan() -> None:
    text = '{"id":"a","env":{}}\n\n{"id":"b","env":{"X":""},"plan":{"status":0,"steps":[]}}\n'
    assert [case.id for case in read_cases(text, "c")] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"id":"a"}\n{"id":"a","env":{}}', "c:2: field id: 'a' stands already in line 1"),
        ('{"id":"a"}\nnonsense', "c:2: not JSON"),
        ('{"env":{}}', "c:1: field id is missing"),
        ('{"id":"a","env":{"X":true}}', "c:1: field env.X: a string is expected, found true"),
        ('{"id":"a","env":{"":"x"}}', "c:1: field env: not a variable name: ''"),
        ('{"id":"a","world":{"absent":["x"]}}', "c:1: field world.absent: an absolute path"),
        ('{"id":"a","wrld":{}}', "c:1: field wrld: unknown field"),
    ],
)
def test_malformed_cases_name_line_and_field(text: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        read_cases(text, "c")
    assert str(caught.value).startswith(problem)


def test_read_text_unpacks_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress("é".encode()))
    assert read_text(packed) == "é"
    packed.write_bytes(gzip.compress(b"x" * 1000)[:-10])
    with pytest.raises(DataError, match=r"a.gz:1: cannot be read: "):
        read_text(packed)
    packed.write_bytes(b"not packed")
    with pytest.raises(DataError, match=r"a.gz:1: cannot be read: Not a gzipped file"):
        read_text(packed)
    binary = tmp_path / "b"
    binary.write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"b:1: cannot be read: 'utf-8' codec"):
        read_text(binary)
    with pytest.raises(DataError, match=r":1: cannot be read: Is a directory"):
        read_text(tmp_path)


@pytest.mark.parametrize("path", ["/abs", "", "a/../b", "./a", "a//b", "a/"])
def test_scripts_stand_below_the_workspace(path: str) -> None:
    text = json.dumps({"workspace": "/w", "path": "/bin", "scripts": path})
    with pytest.raises(DataError, match="field scripts: a path below the workspace is expected"):
        world_from_json(Document(text, "w.json").parse())


def test_a_world_says_where_the_scripts_stand() -> None:
    text = json.dumps({"workspace": "/w", "path": "/bin", "scripts": "ci/steps"})
    assert world_from_json(Document(text, "w.json").parse()).scripts == "ci/steps"


@pytest.mark.parametrize(
    ("path", "want"),
    [("/w", "."), ("/w/a/b", "a/b"), ("/wider", "/wider"), ("/", "/"), ("pipe", "pipe"), ("/dev/null", "/dev/null")],
)
def test_paths_are_relative_to_the_workspace(path: str, want: str) -> None:
    assert World("/w", "/bin").relative(path) == want
