"""What sources and pages refer to is there: every page of docs/, every anchor, every linked file."""

from __future__ import annotations

import ast
import functools
import io
import re
import subprocess
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = frozenset((".c", ".css", ".h", ".html", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yml", ""))

_MENTION = re.compile(r"(?<![\w./-])(?:docs|legacy|tests)/[\w./-]*\w\.md(?:#(?P<anchor>[\w-]+))?")
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^()\s]+)\)")
_HEADING = re.compile(r"#{1,6} +(?P<title>.+)")
_ID = re.compile(r'<a id="(?P<id>[^"]+)"></a>')
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")

# Where a document that nobody has was once cited by the number of its section.
_NUMBERS = re.compile(
    r"\(?\b\d+\.\d+\b\)?|\b(?:rows?|steps?|tables?|sections?|blocks?)\b|\b[A-Z]?\d+[a-z]?\b", re.IGNORECASE
)
_GLUE = frozenset(("a", "an", "and", "as", "in", "of", "or", "the", "to"))


@functools.cache
def files() -> tuple[Path, ...]:
    """Return the text files of the repository: what git has, and what it would add."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and not path.is_symlink() and path.suffix in TEXTS)


def pages() -> list[Path]:
    """Return the Markdown files of the repository."""
    return [path for path in files() if path.suffix == ".md"]


def sources() -> Iterator[tuple[Path, str]]:
    """Yield the Python files of the repository with their texts."""
    yield from ((path, path.read_text(encoding="utf-8")) for path in files() if path.suffix == ".py")


def shown(path: Path) -> str:
    """Return the name of a file as people know it."""
    return str(path.relative_to(ROOT))


def slug(title: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_in(text: str) -> list[str]:
    """Return the anchors of a page's text: of its headings, numbered where they repeat, and of its `<a id>`."""
    found: list[str] = []
    text = _CODE.sub("", text)
    seen: Counter[str] = Counter()
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            name = slug(heading["title"])
            found.append(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found + [match["id"] for match in _ID.finditer(text)]


@functools.cache
def anchors_of(page: Path) -> frozenset[str]:
    """Return the anchors of a page."""
    return frozenset(anchors_in(page.read_text(encoding="utf-8")))


def missing(target: Path, anchor: str | None) -> str:
    """Return what is wrong with a reference, or an empty text."""
    if not target.exists():
        return "there is no such file"
    if anchor and anchor not in anchors_of(target):
        return "there is no such anchor"
    return ""


def lost_mentions(path: Path, text: str) -> Iterator[str]:
    """Yield the mentions of pages in a text that lead nowhere."""
    for match in _MENTION.finditer(text):
        if problem := missing(ROOT / match[0].partition("#")[0], match["anchor"]):
            yield f"{shown(path)}: {match[0]}: {problem}"


def lost_links(path: Path, text: str) -> Iterator[str]:
    """Yield the links of a page that lead nowhere in the repository; other sites are not asked."""
    for match in _LINK.finditer(_SPAN.sub("", _CODE.sub("", text))):
        file, _, anchor = match["target"].partition("#")
        if "://" in match["target"]:
            continue
        if problem := missing((path.parent / file).resolve() if file else path, anchor):
            yield f"{shown(path)}: {match['target']}: {problem}"


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every string that stands as a statement: docstrings, and those behind constants."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def comments(text: str) -> Iterator[str]:
    """Yield the comments of a Python file."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def says_something(docstring: str) -> bool:
    """Return whether words are left when references and numbers are taken away."""
    rest = _NUMBERS.sub("", _MENTION.sub("", docstring))
    return any(word.lower() not in _GLUE for word in re.findall(r"[A-Za-z]\w*|`[^`]+`", rest))


def test_every_page_that_a_file_mentions_is_there() -> None:
    others = [path for path in files() if path != Path(__file__)]  # this one has mentions that lead nowhere on purpose
    assert [lost for path in others for lost in lost_mentions(path, path.read_text(encoding="utf-8"))] == []


def test_every_link_of_a_page_leads_somewhere() -> None:
    assert [lost for page in pages() for lost in lost_links(page, page.read_text(encoding="utf-8"))] == []


def test_no_anchor_stands_twice() -> None:
    for page in pages():
        count = Counter(anchors_in(page.read_text(encoding="utf-8")))
        assert [name for name, times in count.items() if times > 1] == [], shown(page)


def test_every_docstring_says_something() -> None:
    found = ((path, line, said) for path, text in sources() for line, said in docstrings(text))
    assert [f"{shown(path)}:{line}: {said}" for path, line, said in found if not says_something(said)] == []


def test_no_text_cites_a_number_of_a_document_that_it_does_not_name() -> None:
    cited = re.compile(r"\(\d+\.\d+(?:[ ,:;][^()]*)?\)")
    found = ((path, said) for path, text in sources() for said in (*comments(text), *dict(docstrings(text)).values()))
    assert [f"{shown(path)}: {said}" for path, said in found if cited.search(said)] == []


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Start-up", "start-up"),
        ("C++ suites", "c-suites"),
        ("What a change does: `tools/diff-plan`", "what-a-change-does-toolsdiff-plan"),
        ("The script moved: `ci-port drift`", "the-script-moved-ci-port-drift"),
    ],
)
def test_a_heading_has_the_anchor_that_github_gives_it(title: str, anchor: str) -> None:
    assert slug(title) == anchor


def test_anchors_of_repeated_headings_are_numbered_and_those_in_code_are_none() -> None:
    text = '# One\n## One\n```sh\n# two\n```\n| <a id="three"></a> |\n'
    assert anchors_in(text) == ["one", "one-1", "three"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("docs/pytorch.md#dispatch", None),
        ("docs/pytorch.md#nowhere", "there is no such anchor"),
        ("docs/nowhere.md", "there is no such file"),
        ("docs/decisions/nowhere.md#at-all", "there is no such file"),
        ("see https://example.org/docs/else.md", None),
    ],
)
def test_a_mention_that_leads_nowhere_is_found(text: str, problem: str | None) -> None:
    lost = list(lost_mentions(ROOT / "README.md", text))
    assert lost == ([f"README.md: {text}: {problem}"] if problem else [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a](docs/pytorch.md#dispatch)", None),
        ("[a](docs/pytorch.md#nowhere)", "docs/pytorch.md#nowhere: there is no such anchor"),
        ("[a](nowhere.md)", "nowhere.md: there is no such file"),
        ("[a](#nowhere)", "#nowhere: there is no such anchor"),
        ("`[a](nowhere.md)` [a](https://example.org/nowhere.md)", None),
    ],
)
def test_a_link_that_leads_nowhere_is_found(text: str, problem: str | None) -> None:
    assert list(lost_links(ROOT / "README.md", text)) == ([f"README.md: {problem}"] if problem else [])


@pytest.mark.parametrize("text", ["4.1.", "Row 17.", "5.1 row 2.", "Steps 7 and 17.", "Rows 16 to 20.", "Step 2a."])
def test_a_docstring_of_numbers_says_nothing(text: str) -> None:
    assert not says_something(text)
    assert not says_something(f"{text} (docs/pytorch.md#dispatch)")


@pytest.mark.parametrize("text", ['`"$name"`.', "`~`.", "With 1.", "Sorted.", "Run it (docs/pytorch.md#dispatch)."])
def test_a_docstring_of_words_says_something(text: str) -> None:
    assert says_something(text)
