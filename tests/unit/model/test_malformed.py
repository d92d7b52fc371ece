"""Wrong worlds, rules and cases: each is refused with its file, its line, its field and what was expected there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from ci_port.model import DataError
from ci_port.model.case import read_cases
from ci_port.model.world import load_world

ONE = '{"workspace": "/w", "path": "/bin",\n'
TWO = '{"version": 2, "workspace": "/w", "path": "/bin",\n'
BELOW = "an absolute path without empty, '.' or '..' parts is expected, found "


class Row(NamedTuple):
    """A text from its second line on, and all that is said about it."""

    text: str
    line: int
    field: str
    problem: str


WORLDS = [
    # What any world is made of.
    Row('"env": {"A": "1"}', 2, "", "not JSON: Expecting ',' delimiter at column 18"),
    Row('"dirs": ["/ok",\n"w/dir"]}', 3, "dirs[1]", BELOW + "'w/dir'"),
    Row('"executables": [\n"/bin/../x"]}', 3, "executables[0]", BELOW + "'/bin/../x'"),
    Row('"files": {\n"/w//a": ""}}', 3, "files./w//a", BELOW + "'/w//a'"),
    Row('"env": {\n"A=B": "1"}}', 3, "env.A=B", "not a variable name: 'A=B'"),
    Row('"env": {\n"A": null}}', 3, "env.A", "a string is expected, found null"),
    Row('"env": {"A": "1",\n"A": "2"}}', 3, "env.A", "stands already in line 2"),
    Row('"env": {"A":\n"\\ud800"}}', 3, "env.A", "text is expected, found half a character: '\\ud800'"),
    Row('"scripts": "../ci"}', 2, "scripts", "a path below the workspace is expected, found '../ci'"),
    Row('"colour": 1}', 2, "colour", "unknown field"),
    # What only version 2 says.
    Row('"missing": "git"}', 2, "missing", "a list of strings is expected, found a string"),
    Row(
        '"missing": ["gcc",\n"/bin/git"]}',
        3,
        "missing[1]",
        "a command's name without slash is expected, found '/bin/git'",
    ),
    Row('"absent": ["w"]}', 2, "absent[0]", BELOW + "'w'"),
    Row('"absent": ["/w/@(a|b)"]}', 2, "absent[0]", "extended glob in pattern '/w/@(a|b)' is not supported"),
    Row(
        '"include": ["git",\n"gti"]}',
        3,
        "include[1]",
        "there is no library of rules 'gti'; known are archives, download, git, node, python",
    ),
    Row('"include": ["git", "git"]}', 2, "include[1]", "'git' stands there already"),
    Row('"user": {"uid":\n-1}}', 3, "user.uid", "a number from 0 to 4294967294 is expected, found -1"),
    Row(
        '"user": {"name": "a b"}}', 2, "user.name", "a name without blanks, colons and slashes is expected, found 'a b'"
    ),
    Row('"user": {"home": "home"}}', 2, "user.home", BELOW + "'home'"),
    Row('"user": {"shell": "/bin/sh"}}', 2, "user.shell", "unknown field"),
    Row('"user": "root"}', 2, "user", "an object is expected, found a string"),
    Row('"host": ""}', 2, "host", "a name without blanks, colons and slashes is expected, found ''"),
    Row('"umask": 22}', 2, "umask", "a string is expected, found a number"),
    Row('"umask": "029"}', 2, "umask", "an octal number from 0 to 777 is expected, found '029'"),
    Row('"cpus": 0}', 2, "cpus", "a number from 1 to 65536 is expected, found 0"),
    Row('"cpus": true}', 2, "cpus", "an integer is expected, found true"),
    Row('"shell": []}', 2, "shell", "the first word must be bash or sh, found no word"),
    Row('"shell": ["zsh", "-e"]}', 2, "shell", "the first word must be bash or sh, found 'zsh'"),
    Row('"checkout": "yes"}', 2, "checkout", "true or false is expected, found a string"),
    Row(
        '"follow": ["ci/*.sh",\n"/w/ci"]}',
        3,
        "follow[1]",
        "a glob over paths below the workspace is expected, found '/w/ci'",
    ),
    Row('"pure": ["/bin/cat"]}', 2, "pure[0]", "a command's name without slash is expected, found '/bin/cat'"),
    # What stands at a path.
    Row('"files": {\n"/w/a": 7}}', 3, "files./w/a", "a string or an object is expected, found a number"),
    Row(
        '"files": {"/w/a": {"text": "",\n"mode": "888"}}}',
        3,
        "files./w/a.mode",
        "an octal number from 0 to 7777 is expected, found '888'",
    ),
    Row(
        '"files": {\n"/w/a": {"text": "", "link": "b"}}}',
        3,
        "files./w/a",
        "one of text, base64, link is expected, found text and link",
    ),
    Row('"files": {\n"/w/a": {}}}', 3, "files./w/a", "one of text, base64, link is expected, found none of them"),
    Row('"files": {"/w/a": {"link": ""}}}', 2, "files./w/a.link", "where the link leads is expected, found ''"),
    Row('"files": {"/w/a": {"link": "b", "mode": "644"}}}', 2, "files./w/a.mode", "a link has no mode of its own"),
    Row(
        '"files": {"/w/a":\n{"base64": "*"}}}',
        3,
        "files./w/a.base64",
        "bytes in base64 are expected",
    ),
    Row('"files": {"/w/a": {"text": "", "owner": "root"}}}', 2, "files./w/a.owner", "unknown field"),
    # What contradicts itself.
    Row('"files": {"/w/a": "",\n"/w/a/b": ""}}', 3, "files./w/a/b", "'/w/a/b' stands below '/w/a', which is a file"),
    Row('"files": {"/w": ""}}', 1, "workspace", "'/w' is a directory here, and a file elsewhere in the world"),
    Row(
        '"files": {"/w/a": ""},\n"dirs": ["/w/a"]}',
        3,
        "dirs[0]",
        "'/w/a' is a directory here, and a file elsewhere in the world",
    ),
    Row(
        '"files": {"/w/a": ""}, "executables":\n["/w/a"]}',
        3,
        "executables[0]",
        "'/w/a' stands in files too; give it a mode there",
    ),
    Row('"files": {"/w/a": ""},\n"absent": ["/w/a"]}', 3, "absent[0]", "'/w/a' is there: the world has it"),
    Row('"files": {"/lib/a": ""},\n"absent": ["/lib"]}', 3, "absent[0]", "'/lib' is there: the world has it"),
    Row('"absent": ["/?"]}', 2, "absent[0]", "'/?' speaks of the workspace, which is there"),
    Row(
        '"missing": ["gcc"],\n"executables": ["/bin/gcc"]}', 3, "executables[0]", "'gcc' is missing, and stands on PATH"
    ),
    Row(
        '"missing": ["gcc"],\n"commands": [{"argv": ["gcc", "**"]}]}',
        3,
        "commands[0].argv",
        "'gcc' is missing, and is answered",
    ),
    Row('"missing": ["sed"],\n"pure": ["sed"]}', 3, "pure[0]", "'sed' is missing, and really runs"),
]

RULES = [
    Row('"status": 1}', 2, "commands[0]", "field argv is missing"),
    Row('"argv": []}', 2, "commands[0].argv", "a command has at least one word"),
    Row('"argv": ["a",\n"**", "b"]}', 3, "commands[0].argv[1]", '"**" can only be the last word'),
    Row('"argv": ["a",\n"b\\u0000"]}', 3, "commands[0].argv[1]", "a word without NUL is expected, found 'b\\x00'"),
    Row(
        '"argv": ["a"],\n"status": 256}', 3, "commands[0].status", "an exit status from 0 to 255 is expected, found 256"
    ),
    Row('"argv": ["a"],\n"nth": -1}', 3, "commands[0].nth", "a number from 0 (every time) is expected, found -1"),
    Row(
        '"argv": ["a"], "when":\n{"X": "+(a)"}}',
        3,
        "commands[0].when.X",
        "extended glob in pattern '+(a)' is not supported",
    ),
    Row('"argv": ["a"],\n"stderr": 1}', 3, "commands[0].stderr", "a string is expected, found a number"),
    Row('"argv": ["a"],\n"makes": ["x"]}', 3, "commands[0].makes", "an object is expected, found a list"),
    Row('"argv": ["a"], "makes":\n{"": null}}', 3, "commands[0].makes.", "a path is expected, found ''"),
    Row(
        '"argv": ["a"], "makes": {\n"x": true}}',
        3,
        "commands[0].makes.x",
        "a string or an object is expected, found true",
    ),
    Row(
        '"argv": ["a", "*"], "makes": {\n"{2.stem}": null}}',
        3,
        "commands[0].makes.{2.stem}",
        "{2} is no word of the command: its words are {0} to {1}",
    ),
    Row('"argv": ["a"], "removes": ["x",\n"/"]}', 3, "commands[0].removes[1]", "a path is expected, found '/'"),
    Row('"argv": ["a"],\n"output": ""}', 3, "commands[0].output", "unknown field"),
]

OLD = [
    *(
        Row(f'"{name}": {value}}}', 2, name, 'needs "version": 2')
        for name, value in {
            "missing": "[]",
            "absent": "[]",
            "include": '["git"]',
            "user": "{}",
            "host": '"h"',
            "umask": '"022"',
            "cpus": "1",
            "shell": '["bash"]',
            "checkout": "false",
            "follow": "[]",
        }.items()
    ),
    Row('"version": 3}', 2, "version", "version 1 or 2 is expected, found 3"),
    Row('"scripts": "."}', 2, "scripts", 'a path below the workspace is expected; "." needs "version": 2'),
    Row(
        '"files": {\n"/w/a": {"text": ""}}}',
        3,
        "files./w/a",
        'a string is expected, found an object, which needs "version": 2',
    ),
    *(
        Row(f'"commands": [{{"argv": ["a"],\n"{name}": {value}}}]}}', 3, f"commands[0].{name}", what)
        for name, value, what in (
            ("stderr", '""', 'needs "version": 2 in the world'),
            ("makes", "{}", 'needs "version": 2 in the world'),
            ("removes", "[]", 'needs "version": 2 in the world'),
        )
    ),
]

CASES = [
    Row('"env": {"X": 1}}', 2, "env.X", "a string is expected, found a number"),
    Row('"env": {"": "x"}}', 2, "env.", "not a variable name: ''"),
    Row('"env": {"X": "a\\u0000"}}', 2, "env.X", "the value of X contains a NUL byte"),
    Row('"args": "a b"}', 2, "args", "a list of strings is expected, found a string"),
    Row('"args": ["a", "\\u0000"]}', 2, "args[1]", "a word without NUL is expected, found '\\x00'"),
    Row('"stdin": ["x"]}', 2, "stdin", "a string is expected, found a list"),
    Row('"world": {"absent": ["x"]}}', 2, "world.absent[0]", BELOW + "'x'"),
    Row(
        '"world": {"absent": ["/[(]x*(y)"]}}',
        2,
        "world.absent[0]",
        "extended glob in pattern '/[(]x*(y)' is not supported",
    ),
    Row(
        '"world": {"missing": ["a/b"]}}',
        2,
        "world.missing[0]",
        "a command's name without slash is expected, found 'a/b'",
    ),
    Row('"world": {"executables": ["gcc"]}}', 2, "world.executables[0]", BELOW + "'gcc'"),
    Row('"world": {"files": {"/a": null}}}', 2, "world.files./a", "a string or an object is expected, found null"),
    Row(
        '"world": {"commands": [{"argv": ["a"], "nth": "1"}]}}',
        2,
        "world.commands[0].nth",
        "an integer is expected, found a string",
    ),
    Row('"world": {"dirs": []}}', 2, "world.dirs", "unknown field"),
    Row('"wrld": {}}', 2, "wrld", "unknown field"),
]


def refused(row: Row, text: str, path: Path, load: object) -> None:
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_world(path) if load is load_world else read_cases(text, str(path))
    error = caught.value
    assert (error.source, error.line, error.field, error.problem) == (str(path), row.line, row.field, row.problem)


@pytest.mark.parametrize("row", WORLDS, ids=str)
def test_a_malformed_world_of_version_2(row: Row, tmp_path: Path) -> None:
    refused(row, TWO + row.text, tmp_path / "world.json", load_world)


@pytest.mark.parametrize("row", RULES, ids=str)
def test_a_malformed_rule(row: Row, tmp_path: Path) -> None:
    refused(row, f'{TWO}"commands": [{{{row.text}]}}', tmp_path / "world.json", load_world)


@pytest.mark.parametrize("row", OLD, ids=str)
def test_a_world_of_version_1_cannot_say_what_only_version_2_says(row: Row, tmp_path: Path) -> None:
    refused(row, ONE + row.text, tmp_path / "world.json", load_world)


@pytest.mark.parametrize("row", CASES, ids=str)
def test_a_malformed_case(row: Row, tmp_path: Path) -> None:
    # A case is one line of its file.
    refused(row, '\n{"id": "x", ' + row.text, tmp_path / "cases.jsonl", read_cases)


def test_there_are_many() -> None:
    rows = [*WORLDS, *RULES, *OLD, *CASES]
    assert len(rows) == len(set(rows)) >= 90
