"""The file tools that are done in memory do what the real ones do to real files, or are not known."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ci_port.host import file_tools
from ci_port.host.tree import Directory, Regular, Symlink, Tree
from ci_port.model.tools import FILE_TOOLS

UMASK = 0o027
Seen = tuple[str, int, str]


def _start(real: str) -> Tree:
    """Make a few files below a real directory, and return a tree that has them at the same paths."""
    tree = Tree({0: Directory()}, superuser=os.geteuid() == 0)
    tree.put(real, Directory())
    for path, mode in (("d", 0o755), ("d/e", 0o755), ("d/e/deep", 0o700), ("other", 0o755)):
        os.mkdir(f"{real}/{path}")
        os.chmod(f"{real}/{path}", mode)
        tree.put(f"{real}/{path}", Directory(mode=mode))
    for path, text, mode in (("f", "f\n", 0o644), ("x", "x\n", 0o755), ("d/g", "g", 0o600), ("d/e/h", "", 0o444)):
        Path(f"{real}/{path}").write_text(text, encoding="utf-8")
        os.chmod(f"{real}/{path}", mode)
        tree.put(f"{real}/{path}", Regular(text, mode))
    for path, target in (("l", "d"), ("d/up", "../f"), ("out", "nowhere"), ("other/l", "../d/g")):
        os.symlink(target, f"{real}/{path}")
        tree.put(f"{real}/{path}", Symlink(target))
    return tree


def _left(real: str) -> Iterator[tuple[str, Seen]]:
    for above, names, files in os.walk(real):
        for name in (*names, *files):
            path = f"{above}/{name}"
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                yield path, ("link", 0, os.readlink(path))
            elif stat.S_ISDIR(mode):
                yield path, ("directory", stat.S_IMODE(mode), "")
            else:
                yield path, ("file", stat.S_IMODE(mode), Path(path).read_text(encoding="utf-8"))


def _left_in(tree: Tree, path: str) -> Iterator[tuple[str, Seen]]:
    for name in tree.names(path):
        whole = f"{path}/{name}"
        node = tree.node(whole, follow=False)
        if isinstance(node, Symlink):
            yield whole, ("link", 0, node.target)
        elif isinstance(node, Regular):
            yield whole, ("file", node.mode, tree.text(whole))
        elif node is not None:
            yield whole, ("directory", node.mode, "")
            yield from _left_in(tree, whole)


def _really(argv: Sequence[str], real: str) -> int:
    done = subprocess.run(
        argv,
        cwd=real,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        umask=UMASK,
        env={"PATH": "/usr/bin:/bin"},
    )
    return done.returncode


def compare(commands: Sequence[Sequence[str]]) -> int:
    """Run commands both ways as long as they are known; return how many were."""
    real = os.path.realpath(tempfile.mkdtemp())
    try:
        tree = _start(real)
        for number, argv in enumerate(commands):
            tried = tree.copy()
            status = file_tools.run(argv, tried, real, UMASK)
            if status is None:
                return number
            tree = tried
            assert status == _really(argv, real), argv
            assert dict(_left_in(tree, real)) == dict(_left(real)), argv
        return len(commands)
    finally:
        for path, names, _ in os.walk(real):
            for name in names:
                if not os.path.islink(f"{path}/{name}"):
                    os.chmod(f"{path}/{name}", 0o700)
        shutil.rmtree(real)


KNOWN = (
    "mkdir new",
    "mkdir d",
    "mkdir new/x",
    "mkdir -p new/x/y d/e",
    "mkdir -p f/x",
    "mkdir -p -m 700 new/x",
    "mkdir -m u=rwx,go= new",
    "mkdir new/",
    "mkdir l/new",
    "mkdir out",
    "mkdir -p l/x",
    "mkdir a d b",
    "rmdir other d/e/deep",
    "rmdir d/e/deep",
    "rmdir f",
    "rmdir l",
    "touch f new",
    "touch d l",
    "touch new/x",
    "touch out",
    "touch -c new",
    "rm f",
    "rm gone",
    "rm -f gone f/x gone/x",
    "rm d",
    "rm -r d",
    "rm -rf l",
    "rm -f",
    "rm d/up out",
    "rm -rfv d f",
    "rm -- f",
    "rm f gone x",
    "chmod +x f",
    "chmod 700 d",
    "chmod 4755 f",
    "chmod u-w,g+w f",
    "chmod a=r f",
    "chmod -R go-rwx d",
    "chmod u+X f x d",
    "chmod 600 l/g",
    "chmod 600 gone",
    "mv f g",
    "mv f d",
    "mv f d/g",
    "mv f x new/",
    "mv f x d",
    "mv d other",
    "mv d f",
    "mv l m",
    "mv f l",
    "mv gone x",
    "mv f gone/x",
    "mv d/e/h .",
    "cp f g",
    "cp f d",
    "cp d/e/h other",
    "cp x f",
    "cp d g",
    "cp -r d new",
    "cp -r d other",
    "cp -r d/. other/",
    "cp -a d new",
    "cp -r l m",
    "cp l/g m",
    "cp -p d/e/h k",
    "cp -d d/up k",
    "cp f f",
    "cp gone f",
    "cp f x gone/",
    "cp f x other",
    "cp -R d/e f",
    "cp f other/l",
    "ln -s f new",
    "ln -s f d",
    "ln -s a b",
    "ln -sf x l",
    "ln -sfn x l",
    "ln -sfn other l",
    "ln f hard",
    "ln f x d",
    "ln d hard",
    "ln -s f x",
    "ln -f f x",
    "ln l hard",
)
MAY_BE_UNKNOWN = frozenset(("cp -r d/. other/", "mv f x new/", "cp f x gone/"))
"""Forms that somebody else has to run; the others are done here."""


@pytest.mark.parametrize("line", KNOWN)
def test_usual_forms(line: str) -> None:
    """The same status and the same files, also where it fails."""
    known = compare([line.split()])
    assert known == (0 if line in MAY_BE_UNKNOWN else 1)


UNKNOWN = (
    *("mkdir --context new", "touch -d yesterday f", "cp --reflink f g", "mv -b f g", "ln -r -s f g", "chmod -x f"),
    *("install f g", "tee f", "rm -rf .", "rm -i f", "cp -t d f", "chmod +t d", "chmod =r d", "cp '' f", "mkdir"),
)


@pytest.mark.parametrize("line", UNKNOWN)
def test_forms_that_are_not_known(line: str) -> None:
    """Nothing is guessed of them."""
    argv = [word.strip("'") for word in line.split()]
    tree = Tree({0: Directory()})
    tree.put("/f", Regular())
    tree.put("/d", Directory())
    assert file_tools.run(argv, tree, "/", UMASK) is None


def test_every_tool_is_one() -> None:
    """Known to both sides by one list."""
    assert set(file_tools.TOOLS) <= FILE_TOOLS


PATHS = st.sampled_from(
    [
        "f",
        "x",
        "d",
        "d/e",
        "d/e/",
        "d/g",
        "d/up",
        "l",
        "l/",
        "l/g",
        "out",
        "other",
        "other/",
        "new",
        "new/",
        "new/x",
        "d/e/h",
        ".",
    ]
)
OPTIONS = {
    "mkdir": ["-p", "-v", "-m750"],
    "rmdir": [],
    "touch": ["-c"],
    "rm": ["-r", "-f", "-rf", "-R"],
    "chmod": ["-R"],
    "mv": ["-f"],
    "cp": ["-r", "-a", "-p", "-f", "-d", "-R"],
    "ln": ["-s", "-sf", "-f", "-n", "-sfn"],
}
MODES = st.sampled_from(["755", "600", "0", "u+x", "go-w", "a+rX", "ug=rw,o=", "g-x+w", "+r"])


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """Draw a command of one of the tools."""
    name = draw(st.sampled_from(sorted(OPTIONS)))
    options = draw(st.lists(st.sampled_from(OPTIONS[name]), max_size=2)) if OPTIONS[name] else []
    mode = [draw(MODES)] if name == "chmod" else []
    return [name, *options, *mode, *draw(st.lists(PATHS, min_size=1, max_size=3))]


@settings(deadline=None)
@given(st.lists(commands(), min_size=1, max_size=6))
def test_any_forms(run: list[list[str]]) -> None:
    """One after the other, on the files that the one before has left."""
    event(f"{compare(run)} of {len(run)} known")
