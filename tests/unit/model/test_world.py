"""Worlds, what a case makes of them, and what is said about malformed ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.model import DataError, Document, Environment, File, Link, Overlay, Rule, User, World, libraries
from ci_port.model.tools import PURE
from ci_port.model.world import load_world, world_from_json, world_to_json

PACKAGED = Path(__file__).resolve().parents[3] / "ci_port" / "data" / "pytorch" / "world.json"


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


def test_in_version_2_an_overlay_first_takes_away_then_adds() -> None:
    world = World(
        "/w",
        "/bin:/opt/bin",
        executables=frozenset({"/bin/x", "/opt/bin/y", "/opt/z"}),
        dirs=frozenset({"/d", "/e/f"}),
        files={"/f": "old", "/g/a": "", "/g/b": "", "/h.txt": ""},
        commands=(Rule(("git",)),),
        version=2,
        missing=frozenset({"hg", "cc", "svn"}),
        absent=("/w/none",),
    )
    overlay = Overlay(
        (Rule(("hg", "**"), 1),),
        (("/g/b", File("new", 0o755)), ("/i", "")),
        ("/g", "/*.txt", "/e"),
        ("y", "git"),
        ("/bin/cc", "/f"),
    )
    overlaid = world.overlaid(overlay)
    assert overlaid.files == {"/g/b": File("new", 0o755), "/i": ""}
    assert overlaid.dirs == {"/d"}
    assert overlaid.executables == {"/bin/x", "/opt/z", "/bin/cc", "/f"}
    assert overlaid.missing == {"svn", "y", "git"}
    assert overlaid.absent == ("/w/none", "/g", "/*.txt", "/e")
    assert [rule.argv for rule in overlaid.commands] == [("hg", "**"), ("git",)]
    assert world.overlaid(Overlay()) == world


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/w/x", True),
        ("/w/x/below/it", True),
        ("/w/xy", False),
        ("/w", False),
        ("/opt/cuda", True),
        ("/opt/cuda/lib/a.so", True),
        ("/opt/cuda-12/bin", True),
        ("/opt", False),
        ("/srv/a.log", True),
        ("/srv/deep/b.log", True),
        ("/srv/b.txt", False),
        ("/srv/[c]", True),
        ("/", False),
    ],
)
def test_absent_paths_and_globs_speak_of_all_that_stands_below(path: str, known: bool) -> None:
    world = World("/w", "/bin", absent=("/w/x", "/opt/cuda*", "/srv/*.log", r"/srv/\[c]"))
    assert world.is_known_absent(path) is known


@pytest.mark.parametrize(
    ("user", "env", "name", "home"),
    [
        (User(), {}, "user", "/"),
        (User(), {"USER": "u", "HOME": "/home/u"}, "u", "/home/u"),
        (User(), {"USER": "", "HOME": ""}, "user", "/"),
        (User("root", 0, 0, "/root"), {"USER": "u", "HOME": "/home/u"}, "root", "/root"),
    ],
)
def test_who_runs_the_script(user: User, env: dict[str, str], name: str, home: str) -> None:
    world = World("/w", "/bin", Environment(env), user=user)
    assert (world.user_name, world.home) == (name, home)


def parsed(value: object) -> World:
    return world_from_json(Document(json.dumps(value), "w.json").parse())


SMALL = {"version": 2, "workspace": "/w", "path": "/bin"}
LARGE = {
    **SMALL,
    "env": {"A": "1"},
    "executables": ["/bin/gcc"],
    "dirs": ["/w/d"],
    "files": {"/w/a": "text", "/w/b": {"text": "", "mode": "755"}, "/w/c": {"link": "a"}},
    "commands": [{"argv": ["gen"], "makes": {"out": None}}],
    "pure": ["cat"],
    "scripts": "ci",
    "missing": ["hg"],
    "absent": ["/opt/*"],
    "include": ["git"],
    "user": {"name": "root", "uid": 0, "gid": 0, "home": "/root"},
    "host": "builder",
    "umask": "077",
    "cpus": 8,
    "shell": ["bash", "-eux"],
    "checkout": True,
    "follow": ["ci/*.sh"],
}


def test_a_world_of_version_2_is_read_and_written_whole() -> None:
    world = parsed(LARGE)
    assert world == World(
        "/w",
        "/bin",
        Environment({"A": "1"}),
        frozenset({"/bin/gcc"}),
        frozenset({"/w/d"}),
        {"/w/a": "text", "/w/b": File("", 0o755), "/w/c": Link("a")},
        (Rule(("gen",), makes=(("out", None),)),),
        frozenset({"cat"}),
        "ci",
        2,
        frozenset({"hg"}),
        ("/opt/*",),
        ("git",),
        User("root", 0, 0, "/root"),
        "builder",
        0o077,
        8,
        ("bash", "-eux"),
        True,
        ("ci/*.sh",),
    )
    assert world_to_json(world) == LARGE


def test_what_a_world_of_version_2_leaves_out() -> None:
    world = parsed(SMALL)
    assert world == World("/w", "/bin", pure=PURE, scripts=".", version=2)
    assert world_to_json(world) == SMALL
    assert parsed({**SMALL, "missing": ["find", "hg"]}).pure == PURE - {"find"}
    assert parsed({**SMALL, "pure": []}).pure == frozenset()


def test_bytes_are_written_in_base64() -> None:
    files = {"/w/a": {"base64": "aGkK"}, "/w/b": {"base64": "/w==", "mode": "400"}}
    assert parsed({**SMALL, "files": files}).files == {"/w/a": "hi\n", "/w/b": File("\udcff", 0o400)}


def test_rules_of_a_library_come_after_the_worlds_own() -> None:
    world = parsed({**SMALL, "commands": [{"argv": ["git", "**"], "status": 3}], "include": ["git"]})
    assert world.every_rule[0] == world.commands[0] == Rule(("git", "**"), 3)
    assert world.every_rule[1:] == libraries.library("git")
    assert world.rules({})[:2] == world.every_rule[:2]


def test_the_packaged_world_is_read_whole() -> None:
    raw = json.loads(PACKAGED.read_text())
    world = load_world(PACKAGED)
    assert world.workspace == raw["workspace"]
    assert dict(world.env) == raw["env"]
    assert len(world.commands) == len(raw["commands"])
    assert world.files == raw["files"]
    assert world.pure == set(raw["pure"])


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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"path":"/bin"}', ":1: field workspace is missing"),
        (
            '{"workspace":"w","path":"/bin"}',
            ":1: field workspace: an absolute path without empty, '.' or",
        ),
        ('{"workspace":"/w/","path":"/bin"}', "field workspace: an absolute path"),
        ('{"workspace":"/w",\n"path":"/bin",\n"dirs":["/ok",\n"/a/../b"]}', ":4: field dirs[1]: an absolute path"),
        ('{"workspace":"/w","path":"/bin","files":{"x":""}}', "field files.x: an absolute path"),
        ('{"workspace":"/w","path":"/bin","env":{"A=":"x"}}', "field env.A=: not a variable name: 'A='"),
        ('{"workspace":"/w","path":"/bin","colour":1}', "field colour: unknown field"),
        ('{"workspace":"/w","path":"/bin","commands":[{"argv":[]}]}', "field commands[0].argv: a command has at least"),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["**","x"]}]}',
            'field commands[0].argv[0]: "**" can only be the last word',
        ),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["x"]},\n{"argv":["x"],"status":256}]}',
            ":2: field commands[1].status: an exit status from 0 to 255 is expected, found 256",
        ),
        (
            '{"workspace":"/w","path":"/bin","commands":[{"argv":["x"],"when":{"A":"@(a)"}}]}',
            "field commands[0].when.A: extended glob in pattern",
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
