"""Whole projects, each small: what `ci-port parity` says of a script and its port, and `ci-port plan` of a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ci_port.cli.main import main

PROJECT = {
    "script": "ci/s.sh",
    "port": "port:main",
    "world": "world.json",
    "jobs": "jobs.csv",
    "job_id": "{X}",
    "spaces": {},
}
START = "from ci_port.host import HereDocument, Session, Stream\n\ndef main(sh: Session) -> None:\n"


@dataclass(frozen=True)
class Row:
    """A script, its port and its world; the counts that parity ends with, and parts of what it says."""

    name: str
    script: str
    port: str
    ends: str
    says: tuple[str, ...] = ()
    world: Mapping[str, Any] = field(default_factory=dict)
    jobs: str = "X\n1\n"


SAME = "1 same, 0 different, 0 not ported, 0 untrusted"
DIFFERENT = "0 same, 1 different, 0 not ported, 0 untrusted"
UNTRUSTED = "0 same, 0 different, 0 not ported, 1 untrusted"
GEN = {"commands": [{"argv": ["gen"], "stdout": "ok\n"}], "pure": ["grep"]}
TWO = {"version": 2}

ROWS = (
    Row(
        "other text is written",
        'echo "version=1.2.3" >> "$OUT"\npublish\n',
        'sh.write(sh["OUT"], "version=9.9.9\\n", append=True)\nsh.run("publish")',
        DIFFERENT,
        ("[-writes version=1.2.3-]", "{+writes version=9.9.9+}"),
        {"env": {"OUT": "/tmp/out"}},
    ),
    Row(
        "other text is fed",
        "echo secret | docker login --password-stdin\n",
        'sh.run("docker", "login", "--password-stdin", stdin=Stream("rm -rf production"))',
        DIFFERENT,
        ("secret", "rm -rf production"),
    ),
    Row("the mask is left out", "umask 077\npublish\n", 'sh.run("publish")', DIFFERENT, ("umask", "077")),
    Row("the mask is set", "umask 077\npublish\n", 'sh.umask(0o77)\nsh.run("publish")', SAME),
    Row(
        "a status that nobody knows decides",
        "if gpu_present; then gpu_tests; else cpu_tests; fi\n",
        'sh.run("gpu_present")\nsh.run("gpu_tests")',
        UNTRUSTED,
        (
            "untrusted, no rule of the world says how gpu_present ends; it was taken to succeed (ci/s.sh:1)",
            'to settle it: {"commands":[{"argv":["gpu_present"],"status":0}]}',
        ),
    ),
    Row(
        "a here-document",
        'python3 - <<EOF\nprint("deploy")\nEOF\n',
        'sh.run("python3", "-", stdin=HereDocument(\'print("deploy")\\n\'))',
        SAME,
    ),
    *(
        Row(
            f"what a command wrote is read back, version {version}",
            "set -e\ngen > out.txt\nif grep -q ok out.txt; then publish; fi\n",
            'sh.run("gen", stdout="out.txt")\nif "ok" in (sh.read("out.txt") or ""):\n    sh.run("publish")',
            SAME,
            (),
            {**GEN, **({"version": 2} if version == 2 else {})},
        )
        for version in (1, 2)
    ),
    Row(
        "a tool really runs for the port",
        "set -e\ngen > out.txt\nif grep -q ok out.txt; then publish; fi\n",
        'sh.run("gen", stdout="out.txt")\nif sh.ok("grep", "-q", "o[k]", "out.txt"):\n    sh.run("publish")',
        SAME,
        (),
        {**GEN, **TWO},
    ),
    Row(
        "what only a recorded tee reads is no guess",
        "set -eo pipefail\npytest -v 2>&1 | tee out.log\n",
        'sh.run("pytest", "-v")',
        DIFFERENT,
    ),
    Row(
        "a variable that is unset in one job, and empty in another",
        'if [ -n "${CC+x}" ]; then use "$CC"; fi\nbuild\n',
        'if "CC" in sh.variables:\n    sh.run("use", sh["CC"])\nsh.run("build")',
        "3 same, 0 different, 0 not ported, 0 untrusted",
        (),
        {},
        "X,CC\na,gcc\nb,\nc,<unset>\n",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_parity(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "port", raising=False)
    world = {"workspace": "/w", "path": "/usr/bin", "scripts": "ci", **row.world}
    (tmp_path / "ci").mkdir()
    texts = {
        "ci/s.sh": row.script,
        "port.py": START + "".join(f"    {line}\n" for line in row.port.splitlines()),
        "world.json": json.dumps(world),
        "jobs.csv": row.jobs,
        "ci-port.json": json.dumps(PROJECT),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    status = main(["parity", "--config", "ci-port.json"])
    said, problem = capsys.readouterr()
    monkeypatch.delitem(sys.modules, "port", raising=False)
    assert problem == ""
    assert said.splitlines()[-1].partition(" cases: ")[2] == row.ends
    assert [part for part in row.says if part not in said] == []
    assert status == (0 if "0 different, 0 not ported, 0 untrusted" in row.ends else 1)


def test_a_script_that_a_script_runs_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as a step with steps of its own, by path and by `bash`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci/all.sh").write_text(
        '#!/bin/bash\nset -e\nfor s in ci/verify-*.sh; do bash "$s"; done\n./ci/verify-a.sh\n'
    )
    (tmp_path / "ci/verify-a.sh").write_text("#!/bin/bash\nmake a\n")
    (tmp_path / "ci/verify-a.sh").chmod(0o755)
    world = {"version": 2, "workspace": "/w", "path": "/usr/bin", "scripts": "ci", "follow": ["ci/*.sh"]}
    (tmp_path / "world.json").write_text(json.dumps(world))
    flags = ["plan", "--impl", "shell", "--script", "ci/all.sh", "--world", "world.json", "--format", "text"]
    assert main(flags) == 0
    steps = [line.partition("#")[0].split() for line in capsys.readouterr().out.splitlines()]
    assert steps == [
        ["1", "bash", "ci/verify-a.sh"],
        ["1.1", "make", "a"],
        ["2", "./ci/verify-a.sh"],
        ["2.1", "make", "a"],
        ["exit", "0"],
    ]


@pytest.mark.parametrize("version", [1, 2])
def test_a_locale_that_the_machine_lacks_is_said(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.sh").write_text("export LC_ALL=xx_XX.UTF-8\nrun g/*\n")
    world: dict[str, Any] = {
        "workspace": "/w",
        "path": "/usr/bin",
        "scripts": "ci",
        "files": {"/w/g/a": "", "/w/g/B": ""},
    }
    (tmp_path / "world.json").write_text(json.dumps({**world, **(TWO if version == 2 else {})}))
    assert main(["plan", "--impl", "shell", "--script", "x.sh", "--world", "world.json"]) == 0
    said = capsys.readouterr()
    assert "run g/B g/a" in said.out
    assert "xx_XX.UTF-8 is not installed on this machine" in said.err
