"""`tools/shell-suites` reads each form of public suite (the files here are invented), and runs nothing uncontained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.real_bash import why_not_contained
from tests.parity.recorded_bash import why_not_recorded
from tests.tools.checkout import run_here
from tools.lib.suite_formats import read_whole, scripts_of

OILS = """\
# words
## compare_shells: bash

#### one
echo 'a #### b'
use x
## stdout: a
## OK bash/zsh status: 1

#### two
use y
## STDOUT:
not code
## END
## BUG bash STDERR:
no code either
## END
use z

#### three
## code: use w
"""
GO = """\
package x

var other = []string{
\t"no script",
}

var tests = []row{
\t{"use a", ""},
\t{
\t\t`use "b
c"`,
\t\t"out",
\t},
\t{"use 'd\\te' " + `f` + "\\x41\\101\\u00e9\\n", ""},
\t{in: "use g", want: ""},
\t{name + "use", ""},
\t// {"use not", ""},
\t{prefix("use"), ""},
}
"""
BRUSH = """\
name: "x"
common_test_files:
  - path: "common.sh"
    contents: "use common\\n"
cases:
  - name: "one"
    stdin: |
      use a
  - name: "two"
    args: ["-c", "use b"]
    env:
      NUMBER: 3
    test_files:
      - path: "d/x.txt"
        contents: "text"
      - path: "../out"
  - name: "a terminal"
    stdin: use c
    pty: true
  - name: "options"
    args: ["-e"]
    stdin: use d
"""


def texts(folder: Path, name: str, content: str) -> list[tuple[str, str]]:
    (folder / name).write_text(content)
    return [(script.id, script.text.removeprefix("#!/bin/bash\n")) for script in scripts_of(folder)]


def test_oils(tmp_path: Path) -> None:
    assert texts(tmp_path, "word.test.sh", OILS) == [
        ("word.test.sh:1", "echo 'a #### b'\nuse x\n\n"),
        ("word.test.sh:2", "use y\nuse z\n\n"),
        ("word.test.sh:3", "use w\n"),
    ]


def test_go_tables(tmp_path: Path) -> None:
    assert texts(tmp_path, "interp_test.go", GO) == [
        ("interp_test.go:8", "use a\n"),
        ("interp_test.go:10", 'use "b\nc"\n'),
        ("interp_test.go:14", "use 'd\te' fAAé\n\n"),
        ("interp_test.go:15", "use g\n"),
    ]


def test_brush(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(BRUSH)
    (tmp_path / "other.yml").write_text("on: push\n")
    one, two = scripts_of(tmp_path)
    assert (one.id, one.text, one.files) == ("case.yaml:1", "#!/bin/bash\nuse a\n", {"common.sh": "use common\n"})
    assert (two.id, two.text, two.env) == ("case.yaml:2", "#!/bin/bash\nuse b", {"NUMBER": "3"})
    assert two.files == {"common.sh": "use common\n", "d/x.txt": "text"}


def test_bash_tests_come_with_what_they_speak_of(tmp_path: Path) -> None:
    (tmp_path / "a.tests").write_text(". ./b.sub\n")
    (tmp_path / "b.sub").write_text("use < data\n")
    (tmp_path / "data").write_text("d\n")
    (tmp_path / "unused").write_text("u\n")
    first, second = scripts_of(tmp_path)
    assert (first.id, first.files) == ("a.tests:1", {"b.sub": "use < data\n", "data": "d\n"})
    assert (second.id, second.files, second.env["THIS_SH"]) == ("b.sub:1", {"data": "d\n"}, "bash")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.sh", "use\n", ["#!/bin/bash\nuse\n"]),
        ("a", "#!/usr/bin/env bash\nuse\n", ["#!/usr/bin/env bash\nuse\n"]),
        ("a", "#! /bin/sh -e\nuse\n", ["#! /bin/sh -e\nuse\n", "#! /bin/sh\nuse\n"]),
        ("a", "use\n", []),
        ("a.sh", "#!/usr/bin/python3\n", []),
        ("a.sh", "#!/bin/dash\n", []),
        ("a.sh", "\0", []),
    ],
)
def test_scripts_of_a_project(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert [script.text for script in read_whole(tmp_path / name)] == expected


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("set -e", ":"),
        ("  set -euo pipefail # all", "  : # all"),
        ("set -o errexit; use", ":; use"),
        ("set -x -e", ":"),
        ("set -x +o posix", "set -x +o posix"),
        ("set -- -e", "set -- -e"),
        ("set -e -o pipefail", ":"),
        ("use set -e", "use set -e"),
    ],
)
def test_scripts_of_a_project_go_on(tmp_path: Path, line: str, other: str) -> None:
    (tmp_path / "a.sh").write_text(f"#!/bin/bash\n{line}\nuse\n")
    expected = list(dict.fromkeys([f"#!/bin/bash\n{line}\nuse\n", f"#!/bin/bash\n{other}\nuse\n"]))
    assert [script.text for script in read_whole(tmp_path / "a.sh")] == expected


CANNOT = why_not_contained() or why_not_recorded()


@pytest.mark.skipif(not CANNOT, reason="everything can run here")
def test_nothing_is_run_where_it_cannot_be_contained(tmp_path: Path) -> None:
    (tmp_path / "a.tests").write_text("use\n")
    done = run_here("tools/shell-suites", str(tmp_path))
    assert done.returncode == 3
    assert "nothing is run here: " in done.stderr


@pytest.mark.skipif(bool(CANNOT), reason=CANNOT)
def test_figures(tmp_path: Path) -> None:
    (tmp_path / "word.test.sh").write_text(OILS)
    done = run_here("tools/shell-suites", str(tmp_path), "--jobs", "1")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}: 3 scripts: 3 equal, 0 different, 0 listed limits\n")
    (tmp_path / "x.sh").write_text("#!/bin/bash\nuse\n")
    done = run_here("tools/shell-suites", "--scripts", str(tmp_path / "x.sh"), "--jobs", "1")
    assert done.stdout == f"{tmp_path}/x.sh: 1 scripts: 1 equal, 0 different, 0 listed limits\n"


@pytest.mark.skipif(bool(CANNOT), reason=CANNOT)
def test_a_path_without_scripts(tmp_path: Path) -> None:
    done = run_here("tools/shell-suites", str(tmp_path))
    assert done.returncode == 2
    assert "no script of a known suite" in done.stderr
