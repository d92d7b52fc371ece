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
        ('{"a": ' + "9" * 5000 + "}", "data.json:1: not JSON that can be read: too long a number"),
        ('{"a": NaN}', "data.json:1: not JSON: NaN is no number"),
        ('{"a": -Infinity}', "data.json:1: not JSON: -Infinity is no number"),
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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n"a": 1}', "d:3: field a: stands already in line 2"),
        ('{"a": [{"b": 1}, {"b":\n\n{"c": 1, "d": [], "c": 2}}]}', "d:4: field a[1].b.c: stands already in line 4"),
        ('{"\\u0061": 1, "a": 2}', "d:2: field a: stands already in line 2"),
        ('{"a": {"b": 1},\n"c": {"b": 1}, "d": "\\ud83d\\ude00 \\udcff"}', None),
        ('{"a":\n"\\ud800"}', "d:3: field a: text is expected, found half a character: '\\ud800'"),
        ('{"a": ["x",\n"\\udc00"]}', "d:3: field a[1]: text is expected, found half a character: '\\udc00'"),
        ('{"a": {"\\uDBFF": 1}}', "d:2: field a.\udbff: text is expected, found half a character: '\\udbff'"),
    ],
)
def test_names_that_stand_twice_and_half_characters_are_refused(text: str, problem: str | None) -> None:
    if problem is None:
        assert Document(text, "d", 2).parse().names() == ["a", "c", "d"]
        return
    with pytest.raises(DataError) as caught:
        Document(text, "d", 2).parse()
    assert str(caught.value) == problem


def test_errors_name_what_stands_inside_a_field_and_the_object_itself() -> None:
    found = fields()
    assert str(found.error("map", "no", "B")) == "data.json:6: field map.B: no"
    assert str(found.error("words", "no", 1)) == "data.json:4: field words[1]: no"
    assert str(found.object("map").error_here("no")) == "data.json:5: field map: no"
    assert str(found.error_here("no")) == "data.json:1: no"


def test_a_string_may_stand_for_an_object() -> None:
    found = Document('{"a": "x", "b": {"c": "y"}, "d": 1, "e": null}', "d").parse()
    assert found.text_or_object("a") == "x"
    inside = found.text_or_object("b")
    assert isinstance(inside, Fields)
    assert inside.text("c") == "y"
    for name, what in (("d", "a number"), ("e", "null"), ("f", "null")):
        with pytest.raises(DataError, match=f"field {name}: a string or an object is expected, found {what}"):
            found.text_or_object(name)


@pytest.mark.parametrize("number", [2**63, -(2**64), 2**70, 10**400])
def test_a_number_that_no_store_holds_is_refused(number: int) -> None:
    found = fields(f'{{"a": {number}}}')
    for read in (found.integer, found.number):
        with pytest.raises(DataError, match="field a: an integer of at most 63 bits is expected, found one of "):
            read("a")
    assert fields(f'{{"a": {2**63 - 1}}}').integer("a") == 2**63 - 1
