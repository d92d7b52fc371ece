"""The libraries of rules that the package brings: what they say a command makes is what the real command makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci_port.model import Effects, Rule
from ci_port.model.libraries import NAMES, library
from ci_port.model.packaged import DATA
from ci_port.model.rules import Answers


def test_every_file_is_a_library() -> None:
    assert sorted(file.removesuffix(".json") for file in os.listdir(os.path.join(DATA, "rules"))) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_read_whole_and_once(name: str) -> None:
    assert library(name)
    assert library(name) is library(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_stands_twice(name: str) -> None:
    argvs = [rule.argv for rule in library(name)]
    assert len(argvs) == len(set(argvs))


def test_there_is_no_other() -> None:
    with pytest.raises(OSError, match="none"):
        library("none")


EVERY: tuple[Rule, ...] = tuple(rule for name in NAMES for rule in library(name))


def effects(command: str) -> Effects | None:
    rule = Answers(EVERY).to(command.split())
    return rule.effects(command.split(), "/w") if rule else None


def made(command: str) -> list[str] | None:
    found = effects(command)
    return None if found is None else [path for path, _ in found.makes]


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("git clone https://example.org/a/node.js", ["/w/node.js/.git"]),
        ("git clone git@example.org:a/b.git", ["/w/b/.git"]),
        ("git clone --depth 1 --branch v2 https://example.org/a/b.git c/d", ["/w/c/d/.git"]),
        ("git clone --unheard-of https://example.org/a/b.git", None),
        ("git clone --unheard-of 7 https://example.org/a/b.git", None),
        ("git config user.name ci", []),
        ("git config --get user.name", None),
        ("git rev-parse HEAD", None),
        ("curl -fsSL https://example.org/x/tool.tgz -o /tmp/t.tgz", ["/tmp/t.tgz"]),
        ("curl --retry 3 -o t https://example.org/x", ["/w/t"]),
        ("curl -sSLO https://example.org/x/tool.tgz", ["/w/tool.tgz"]),
        ("curl -L -O https://example.org/a -O https://example.org/b", ["/w/a", "/w/b"]),
        ("curl -s -o /dev/null https://example.org", []),
        ("curl -s -o /dev/null -w %{http_code} https://example.org", None),
        ("curl https://example.org", None),
        ("wget -q https://example.org/x.zip", ["/w/x.zip"]),
        ("wget -qO - https://example.org/key", None),
        ("wget -O- https://example.org/key", None),
        ("wget -q https://example.org/x.zip -P down", ["/w/down/x.zip"]),
        ("wget -nv -O x https://example.org/y", ["/w/x"]),
        ("tar cz .", None),
        ("tar czf - .", None),
        ("tar -C build -czf out.tgz a b", ["/w/out.tgz"]),
        ("tar xzf in.tgz --strip-components=1 -C /opt", []),
        ("npm ci --silent", ["/w/node_modules"]),
        ("npm install -g yarn", []),
        ("npm run build", None),
        ("yarn", ["/w/node_modules"]),
        ("pip install -r requirements.txt", []),
        ("pip freeze", None),
        ("python3.12 -m pip install x", []),
        ("python -m pytest", None),
    ],
)
def test_what_a_command_makes(command: str, paths: list[str] | None) -> None:
    assert made(command) == paths


def test_an_environment_of_python_is_activated_as_venv_does(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "real")], check=True)
    found = effects("python3 -m venv ours")
    assert found is not None
    for path, content in found.makes:
        (tmp_path / path.removeprefix("/w/")).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path.removeprefix("/w/")).write_text(content if isinstance(content, str) else "")
    show = 'env | grep -E "^(PATH|PS1|VIRTUAL_ENV)="; deactivate; echo "$PATH|$VIRTUAL_ENV"'
    said = {
        name: subprocess.run(
            ["bash", "-c", f"cd {name}; source ./bin/activate; {show}"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in ("real", "ours")
    }
    assert said["ours"].replace("ours", "real") == said["real"]
    assert "real/bin:/usr/bin" in said["real"]


REAL = [
    *(
        f"git clone {options}{repository}{directory}"
        for options in ("", "-q ", "--depth 1 ", "-b main ", "-j 2 ", "--depth 1 --branch main ", "--recursive ")
        for repository in ("../src/origin.git", "../src/plain", "../src/node.js/", "../src/plain/.git")
        for directory in ("", " sub/dir")
    ),
    "git clone ../src/plain --depth 1",
    "git clone --bare ../src/plain",
    "git clone --mirror ../src/origin.git",
    "git clone --bare ../src/plain x",
    "git init",
    "git init -q here",
    "git init -q -b main",
    "tar cf out.tar text dir",
    "tar czf out.tgz text",
    "tar -cJf dir/out.tar.xz text",
    "tar -C dir -czf out.tgz inner",
    "tar xf ../src/in.tar -C dir",
    "gzip text",
    "gzip -k dir/inner",
    "gunzip ../work/packed.gz",
    "gzip -dk packed.gz",
    "bzip2 text",
    "xz -k text",
    "xz dir/inner",
    "zstd -q text",
    "zip out.zip text",
    "zip -qr dir/out.jar dir",
    "unzip -q ../src/in.zip -d new",
    "unzip -d new ../src/in.zip",
    "curl -s -o got file://SRC/in.zip",
    "curl -sS file://SRC/in.zip -o dir/got",
    "curl -sO file://SRC/in.zip",
    "curl -s -O file://SRC/in.zip -O file://SRC/in.tar",
    "npm init -y",
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repositories and archives to take from."""
    base = tmp_path_factory.mktemp("base")
    for command in (
        "git init -q -b main src/plain",
        "git -C src/plain -c user.name=a -c user.email=b commit -q --allow-empty -m c",
        "git clone -q --bare src/plain src/origin.git",
        "git clone -q src/plain src/node.js",
        "tar cf src/in.tar -T /dev/null",
    ):
        subprocess.run(command.split(), cwd=base, check=True)
    shutil.make_archive(str(base / "src/in"), "zip", base / "src/plain")
    return base


@pytest.mark.parametrize("command", REAL)
def test_the_real_command_makes_what_the_rule_says(command: str, sources: Path) -> None:
    argv = command.replace("SRC", str(sources / "src")).split()
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    work = sources / "work"
    shutil.rmtree(work, ignore_errors=True)
    (work / "dir").mkdir(parents=True)
    (work / "text").write_text("text\n")
    (work / "dir" / "inner").write_text("inner\n")
    subprocess.run("gzip -c text > packed.gz", shell=True, cwd=work, check=True)
    before = {path.name for path in work.iterdir()}
    rule = Answers(EVERY).to(argv)
    assert rule is not None
    does = rule.effects(argv, str(work))
    done = subprocess.run(argv, cwd=work, capture_output=True, check=False, env={**os.environ, "HOME": str(work)})
    assert done.returncode == rule.status, done.stderr
    for path, content in does.makes:
        assert os.path.isdir(path) if content is None else os.path.isfile(path), path
    assert not [path for path in does.removes if os.path.lexists(path)]
    tops = {os.path.relpath(path, work).partition("/")[0] for path, _ in does.makes}
    gone = {os.path.relpath(path, work) for path in does.removes}
    hidden = {".npm", ".config"}  # what npm keeps in its home
    assert {path.name for path in work.iterdir()} - hidden == (before | tops) - gone
