"""Paths made of a command's words."""

from __future__ import annotations

import pytest

from ci_port.model.templates import filled

ARGV = ("tool", "https://example.org/group/repo.v2.git/", "/opt/a.tar.gz", "plain", "", ".bashrc", "git@host:x.git")


FILLED: tuple[tuple[str, str | None], ...] = (
    ("out", "out"),
    ("{0}.log", "tool.log"),
    ("{3}/{0}", "plain/tool"),
    ("{1.name}", "repo.v2.git"),
    ("{1.stem}", "repo.v2"),
    ("{1.repository}", "repo.v2"),
    ("{2}", "/opt/a.tar.gz"),
    ("{2.name}", "a.tar.gz"),
    ("{2.stem}", "a.tar"),
    ("{2.dir}/{2.stem}", "/opt/a.tar"),
    ("{3.name}{3.stem}{3.dir}", "plainplain."),
    ("[{4}{4.name}{4.stem}]", "[]"),
    ("{5.stem}", ".bashrc"),
    ("{6.repository}", "x"),
    ("{7}", None),
    ("{1}{12}", None),
    ("{}{x}{01}{0.suffix}{ 0}{-1}", "{}{x}{01}{0.suffix}{ 0}{-1}"),
    ("{{0}}", "{tool}"),
)
"""Templates, and what they are for `ARGV`: the recorder is held to the same table (tests/unit/dryrun/test_makes.py)."""


@pytest.mark.parametrize(("template", "want"), FILLED)
def test_a_template_is_filled(template: str, want: str | None) -> None:
    assert filled(template, ARGV) == want


WORDS = (
    ("a/b", "b", "b", "a", "b"),
    ("a/b.c/", "b.c", "b", "a", "b.c"),
    ("/", "/", "/", "/", ""),
    ("/a", "a", "a", "/", "a"),
    ("a//b.x.y", "b.x.y", "b.x", "a", "b.x.y"),
    ("..", "..", "..", ".", ".."),
    ("x/.git", ".git", ".git", "x", "x"),
    ("x/lib.git/.git", ".git", ".git", "x/lib.git", "lib"),
    ("https://example.org/node.js", "node.js", "node", "https://example.org", "node.js"),
    ("https://example.org/node.js.git", "node.js.git", "node.js", "https://example.org", "node.js"),
    ("host:dir/x.bundle", "x.bundle", "x", "host:dir", "x"),
)
"""Words, and their name, stem, directory and repository."""


@pytest.mark.parametrize(("word", "name", "stem", "directory", "repository"), WORDS)
def test_parts_of_a_word(word: str, name: str, stem: str, directory: str, repository: str) -> None:
    found = [filled(f"{{0.{part}}}", (word,)) for part in ("name", "stem", "dir", "repository")]
    assert found == [name, stem, directory, repository]
