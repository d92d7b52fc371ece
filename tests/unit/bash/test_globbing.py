"""Word splitting and globbing: the same values, the same files, real bash as the judge."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.bash.globbing import expand
from ci_port.bash.pattern import PatternFault
from tests.unit.bash.real import ask

FILES = (
    "a.whl",
    "b.whl",
    "sub/a.txt",
    "sub/.hidden",
    "sub/deep/x",
    ".dot",
    "sp ace.txt",
    "[x]",
    "Z",
    "_",
    "s*r",
    "é.doc",
)

VALUES = [
    "", " ", "\n\t ", "a", " a  b\tc\nd ", "*", "*.whl", "?.whl", "[ab].whl", "[!a].whl", "nope*", "sub/*", "*/*",
    "*/", "*/*/", "*/*/*", ".*", "sub/.*", "./*", "../*/a.whl", "s*/a.txt", "sub/a*", "sub//a*", "*//a.txt", "\\*",
    "\\a*", "a\\.whl", "[x]", "\\[x]", "[[]x]", "[", "x[", "s\\*r", "s\\**", "*\\*r", "sub/nope*", "nope/*", "*/nope",
    "*/a.txt", "a.whl *.txt", "$HOME", '"a b"', "~", "a.whl/", "a.whl/*", "sub/./*", "*/.", "*/..", "s*/../Z", "/*nope",
    "**", "***", "[a-b]*", "[[:digit:]a].whl", "?.doc", "s\\*r*", "-*", "--include *.whl", "{a,b}.whl", "sub/deep",
    "sub/deep*/", "?", "??", "*e*", "s?b/*", "[s]ub/[a]*", "*b/d*/x", "*[", "*]",
]  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, for real."""
    root = tmp_path_factory.mktemp("tree") / "alone"
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


class Listed:
    """The machine's own files, as Python lists them."""

    def is_file(self, path: str) -> bool:
        return Path(path).is_file()

    def is_dir(self, path: str) -> bool:
        return Path(path).is_dir()

    def names(self, directory: str) -> list[str]:
        return os.listdir(directory) if self.is_dir(directory) else []


LISTED = Listed()


def ours(tree: Path, values: list[str]) -> list[str]:
    """Return each value's words, behind their number."""
    answers = []
    for value in values:
        words = expand(value, str(tree), LISTED)
        answers += [str(len(words)), *words]
    return answers


def theirs(tree: Path, values: list[str]) -> list[str]:
    """Return the same from bash."""
    return ask(
        f"cd '{tree}'; for v in \"${{T1[@]}}\"; do w=($v); printf '%s\\0' ${{#w[@]}} \"${{w[@]}}\"; done", values
    )


def test_table(tree: Path) -> None:
    """Every value of the table becomes the same words."""
    assert ours(tree, VALUES) == theirs(tree, VALUES)


TEXTS = st.text("ab.*?[]!-/\\s _Z\t\n", max_size=8)
# What lies outside the tree is not ours, and collating symbols and escaped slashes are refused by name.
INSIDE = TEXTS.filter(lambda text: not re.search(r"(^|\s)\\?/|[.*?\[\]!]\\?[.*?\]]/|\[\.|\\([./\s]|$)", text))


@given(st.lists(INSIDE, max_size=40))
def test_random_values(tree: Path, values: list[str]) -> None:
    """As does any text of the characters that matter."""
    assert ours(tree, values) == theirs(tree, values)


@pytest.mark.parametrize("value", ["!(a)*", "sub\\/a*", "*\\"])
def test_refused(tree: Path, value: str) -> None:
    """A meaning that depends on a shell option, or that is not known, is not guessed."""
    with pytest.raises(PatternFault):
        ours(tree, [value])
