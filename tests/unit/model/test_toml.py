"""Our part of TOML: read as the standard library reads it, and the rest refused by name and line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_port.model import DataError
from ci_port.model.toml import TomlDocument, _Reader

tomllib: Any = pytest.importorskip("tomllib", reason="the standard library reads TOML since Python 3.11")

TEXTS = {
    "empty": "",
    "comments": "# one\n\n  # two\nx = 1 # three",
    "scalars": "a = \"x\"\nb = 'y\\n'\nc = 1\nd = -2\ne = 1.5\nf = true\ng = false\nh = +3\ni = -0.25",
    "escapes": r'a = "\b\t\n\f\r\"\\é\U0001F600"',
    "names": "\"a b\" = 1\n'c.d' = 2\nbare-_1 = 3\n1 = 4",
    "lists": 'a = []\nb = [1, 2,]\nc = [\n  "x", # why\n  "y",\n]\nd = [[1], ["x"]]',
    "inline tables": 'a = {}\nb = { c = 1, d = "x" }\ne = [{ f = [1] }, { g = { h = 2 } }]',
    "tables": "[a]\nb = 1\n[c.d]\ne = 2\n[ f . g ]\nh = 3",
    "lists of tables": "[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\nb = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5",
    "carriage returns": "a = 1\r\nb = 2\r\n",
    "tabs": "\ta\t=\t1\t# x\n[\tb\t]",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_read_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert _Reader(text.replace("\r\n", "\n"), "x.toml").document() == tomllib.loads(text)


REFUSED = {
    "a = 1\na = 2": (2, "a stands already in line 1"),
    "[a]\n[a]": (2, "a stands already in line 1"),
    "a = 1\n[a]": (2, "a stands already in line 1"),
    "a = 1\n[a.b]": (2, "a is no table"),
    "[a]\n[[a]]": (2, "a stands already, and is no list of tables"),
    "a.b = 1": (1, "a dotted name is not supported here"),
    'a = """x"""': (1, "multi-line strings are not supported here"),
    "a = 2026-01-01": (1, "a value is expected"),
    "a = 0x1F": (1, "a value is expected"),
    "a = 1_000": (1, "a value is expected"),
    "a = 01": (1, "a value is expected"),
    "a = 1e5": (1, "a value is expected"),
    "a = inf": (1, "a value is expected"),
    "a =": (1, "a value is expected"),
    "\na": (2, "'=' is expected after a"),
    "= 1": (1, "a name is expected"),
    'a = "x': (1, "a string without an end on its line"),
    'a = "\\q"': (1, "the escape \\q is none that TOML has"),
    'a = "\\uD800"': (1, "the escape \\uD800 is none that TOML has"),
    "a = 1 b = 2": (1, "the end of the line is expected, found ' b = 2'"),
    "[a": (1, "']' is expected after the table's name"),
    "[[a]": (1, "']]' is expected after the table's name"),
    "a = [1 2]": (1, "',' or ']' is expected in a list"),
    "a = [\n1,\n": (3, "a value is expected"),
    "a = { b = 1": (1, "',' is expected between the values of a table"),
    "a = 1\x00": (1, "a control character"),
}


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DataError, match=r"x\.toml:1: the values are nested too deeply"):
        TomlDocument("a = " + "[" * 5000, "x.toml").parse()


@pytest.mark.parametrize(("text", "line", "problem"), [(text, *rest) for text, rest in REFUSED.items()], ids=repr)
def test_the_rest_is_refused_by_name_and_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(DataError) as refused:
        TomlDocument(text, "x.toml").parse()
    assert str(refused.value).startswith(f"x.toml:{line}: {problem}")


def test_errors_of_fields_name_their_line() -> None:
    fields = TomlDocument('# x\n[[phase]]\nid = "1"\njobs = [\n  { A = 5 },\n]\n', "r.toml").parse()
    (phase,) = fields.objects("phase")
    (selector,) = phase.objects("jobs")
    with pytest.raises(DataError, match=r"^r\.toml:5: field phase\[0\]\.jobs\[0\]\.A: a string is expected"):
        selector.text("A")
    with pytest.raises(DataError, match=r"^r\.toml:2: field phase\[0\]\.gone"):
        raise phase.error("gone", "x")


_KEYS = st.from_regex(r"\A[A-Za-z0-9_-]{1,8}\Z")
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
_SCALARS = st.one_of(st.booleans(), st.integers(-(10**6), 10**6), _TEXT)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_written(one)}" for key, one in value.items()) + "}"
    return repr(value)


_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3))


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_value_is_read_as_it_was_written(values: dict[str, Any]) -> None:
    text = "".join(f"{key} = {_written(value)}\n" for key, value in values.items())
    assert _Reader(text, "x").document() == values == tomllib.loads(text)


@given(st.text(st.sampled_from(list("ab=[]{}\"'.,#\n 01-\\u")), max_size=24))
def test_no_text_is_read_in_another_way(text: str) -> None:
    try:
        found = _Reader(text, "x").document()
    except DataError:
        return
    assert found == tomllib.loads(text)
