"""What stands at a path, and its two forms in JSON."""

from __future__ import annotations

import json

import pytest

from ci_port.model import Content, Document, File, Link
from ci_port.model.files import content_to_json, file_of, files_from_json, files_to_json, texts


def parsed(value: object) -> Content:
    return files_from_json(Document(json.dumps({"files": {"/f": value}}), "d").parse(), "files", 2)["/f"]


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("", ""),
        ("text\n", "text\n"),
        ({"text": "text", "mode": "755"}, File("text", 0o755)),
        ({"text": "", "mode": "0"}, File("", 0)),
        ({"text": "", "mode": "4755"}, File("", 0o4755)),
        ({"link": "../a"}, Link("../a")),
        ("\udcff", "\udcff"),
    ],
)
def test_both_ways(value: object, content: Content) -> None:
    assert parsed(value) == content
    assert content_to_json(content) == value


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ({"text": "x"}, "x"),
        ({"text": "x", "mode": "644"}, "x"),
        ({"text": "x", "mode": "0644"}, "x"),
        ({"base64": ""}, ""),
        ({"base64": "w6k="}, "é"),
        ({"base64": "/wA=", "mode": "700"}, File("\udcff\0", 0o700)),
    ],
)
def test_other_forms_of_the_same(value: object, content: Content) -> None:
    assert parsed(value) == content


def test_nothing_is_left_out() -> None:
    assert file_of("x") == File("x", 0o644)
    assert file_of(File("x", 0o700)) == File("x", 0o700)
    assert file_of(Link("x")) == Link("x")


def test_links_have_no_text() -> None:
    files: dict[str, Content] = {"/a": "x", "/b": File("y", 0o700), "/c": Link("a")}
    assert texts(files) == {"/a": "x", "/b": "y"}
    assert files_to_json(files) == {"/a": "x", "/b": {"text": "y", "mode": "700"}, "/c": {"link": "a"}}
