"""What is known not to be there."""

from __future__ import annotations

import json

import pytest

from ci_port.model import DataError, Document
from ci_port.model.absent import absent_from_json, is_absent


@pytest.mark.parametrize(
    ("path", "absent", "known"),
    [
        ("/a", ["/a"], True),
        ("/a/b/c", ["/a"], True),
        ("/ab", ["/a"], False),
        ("/", ["/a"], False),
        ("/a", [], False),
        ("/a/b", ["/x", "/a/*"], True),
        ("/a/b/c", ["/a/?"], True),
        ("/a", ["/a/*"], False),
        ("/a/b/c.h", ["/*.h"], True),
        ("/a[1]", [r"/a\[1]"], True),
        ("/a1", [r"/a\[1]"], False),
    ],
)
def test_paths_and_globs_speak_of_what_stands_below(path: str, absent: list[str], known: bool) -> None:
    assert is_absent(path, absent) is known


def test_a_field_without_paths() -> None:
    assert absent_from_json(Document("{}", "d").parse()) == ()
    assert absent_from_json(Document('{"absent": ["/a", "/b*"]}', "d").parse()) == ("/a", "/b*")


@pytest.mark.parametrize("path", ["a", "/a/", "/+(a)"])
def test_what_cannot_be_meant(path: str) -> None:
    with pytest.raises(DataError, match=r"field absent\[0\]: "):
        absent_from_json(Document(json.dumps({"absent": [path]}), "d").parse())
