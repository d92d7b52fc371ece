"""Paths and names, and what is said about those that cannot be meant."""

from __future__ import annotations

import json

import pytest

from ci_port.model import DataError, Document
from ci_port.model.paths import above, absolutes, is_glob, plain_names


@pytest.mark.parametrize("path", ["/", "/a", "/a/b.c", "/a b/*", "/..a/.b"])
def test_absolute_paths(path: str) -> None:
    assert absolutes(Document(json.dumps({"x": [path]}), "d").parse(), "x") == [path]


@pytest.mark.parametrize("path", ["", "a", "a/b", "/a/", "//", "/a//b", "/./a", "/a/..", "/a\0"])
def test_paths_that_are_not_absolute_and_plain(path: str) -> None:
    with pytest.raises(DataError, match=r"d:1: field x\[1\]: an absolute path without empty"):
        absolutes(Document(json.dumps({"x": ["/", path]}), "d").parse(), "x")


def test_an_absent_field_has_no_paths_and_no_names() -> None:
    fields = Document("{}", "d").parse()
    assert absolutes(fields, "x") == plain_names(fields, "x") == []


@pytest.mark.parametrize("name", ["", "a/b", "/", "a\0"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(DataError, match=r"d:1: field x\[0\]: a command's name without slash is expected"):
        plain_names(Document(json.dumps({"x": [name]}), "d").parse(), "x")


def test_what_stands_above() -> None:
    assert list(above("/a/b/c")) == ["/a/b", "/a"]
    assert list(above("/a")) == []
    assert list(above("/")) == []


@pytest.mark.parametrize(("path", "glob"), [("/a", False), ("/a*", True), ("/?", True), ("/[a]", True), (r"/\a", True)])
def test_globs(path: str, glob: bool) -> None:
    assert is_glob(path) is glob
