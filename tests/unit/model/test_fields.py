"""Errors in data name the file, the line and the field."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_port.model import DataError, Document, Fields

TEXT = """\
{
  "name": "x", "count": 3, "yes": true,
  "words": ["a",
    "b", 7],
  "map": {"A": "1",
          "B": null, "C": 2},
  "list": [{"deep": "value"},
    {"deep": {"er": []}}],
  "nothing": null
}
"""


def fields(text: str = TEXT, first_line: int = 1) -> Fields:
    return Document(text, "data.json", first_line).parse()


def test_readers_return_what_is_there() -> None:
    found = fields()
    assert found.text("name") == "x"
    assert found.text("absent", "default") == "default"
    assert found.integer("count") == 3
    assert found.integer("absent", 9) == 9
    assert found.integer_or_text("count") == 3
    assert found.integer_or_text("name") == "x"
    assert found.boolean("yes") is True
    assert found.text_or_none("absent") is None
    assert found.has("name")
    assert not found.has("nothing")
    assert [entry.has("deep") for entry in found.objects("list")] == [True, True]
    assert list(found.objects("absent", [])) == []
    assert found.mapping("absent", {}) == {}


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda found: found.text("count"), ":2: field count: a string is expected, found a number"),
        (lambda found: found.text("absent"), ":1: field absent is missing"),
        (lambda found: found.text("nothing"), ":9: field nothing: a string is expected, found null"),
        (lambda found: found.integer("yes"), ":2: field yes: an integer is expected, found true"),
        (lambda found: found.integer("name"), ":2: field name: an integer is expected, found a string"),
        (lambda found: found.integer_or_text("yes"), ":2: field yes: an integer is expected, found true"),
        (lambda found: found.boolean("count"), ":2: field count: true or false is expected, found a number"),
        (lambda found: found.texts("words"), ":4: field words[2]: a string is expected, found a number"),
        (lambda found: found.texts("map"), ":5: field map: a list of strings is expected, found an object"),
        (lambda found: found.changes("map"), ":6: field map.C: a string is expected, found a number"),
        (lambda found: found.mapping("words"), ":3: field words: an object is expected, found a list"),
        (lambda found: found.object("list"), ":7: field list: an object is expected, found a list"),
        (lambda found: list(found.objects("words")), ":3: field words[0]: an object is expected, found a string"),
        (
            lambda found: [entry.text("deep") for entry in found.objects("list")],
            ":8: field list[1].deep: a string is expected, found an object",
        ),
        (lambda found: [entry.text("x") for entry in found.objects("list")], ":7: field list[0]: field x is missing"),
        (lambda found: found.finish(), ":2: field name: unknown field"),
    ],
)
def test_errors_name_line_and_field(read: Callable[[Fields], object], problem: str) -> None:
    with pytest.raises(DataError) as caught:
        read(fields())
    assert str(caught.value) == f"data.json{problem}"


def test_null_in_a_mapping_of_strings_is_named() -> None:
    with pytest.raises(DataError, match=r"data.json:1: field m.A: a string is expected, found null"):
        fields('{"m": {"A": null}}').mapping("m")


def test_lines_count_from_the_first_line_of_the_document() -> None:
    with pytest.raises(DataError) as caught:
        fields('{"a": 1}', first_line=41).text("a")
    assert (caught.value.source, caught.value.line, caught.value.field) == ("data.json", 41, "a")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "data.json:1: not JSON: Expecting value at column 1"),
        ('{"a": 1,\n  x}', "data.json:2: not JSON: Expecting property name enclosed in double quotes at column 3"),
        ("[" * 100_000, "data.json:1: not JSON that can be read: nested too deeply"),
        ("7", "data.json:1: an object is expected, found a number"),
        ("null", "data.json:1: an object is expected, found null"),
    ],
)
def test_what_is_no_object_is_refused(text: str, problem: str) -> None:
    with pytest.raises(DataError) as caught:
        fields(text)
    assert str(caught.value) == problem


def test_finish_accepts_what_was_read() -> None:
    found = fields('{"a": "1", "b": "2"}')
    found.text("a")
    found.text("b")
    found.finish()
