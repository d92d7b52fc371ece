"""All that was found out about a script, in each form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.shell import read_script, reporting
from ci_port.shell.coverage import Reader
from ci_port.shell.reporting import Found
from ci_port.shell.trace import Declared, parts_of, trace


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    script = tmp_path / "t.sh"
    script.write_text("f() {\n  make\n}\nif x; then\n  f\nfi\necho `if`\n")
    return Reader(read_script(script))


def found(reader: Reader, *, traced: bool = False, covered: bool = False) -> Found:
    parts = list(parts_of(reader.inventory, reader.name_of))
    declared = {(part.file, part.id): Declared(None, part.fingerprint, "nobody calls it") for part in parts}
    table = trace(parts, declared, ())
    coverages = [reader.coverage("jobs", [])] if covered else []
    return Found(reader, table if traced else None, {}, coverages, reporting.reasons(table))


def text(form: str, shown: Found) -> str:
    return "\n".join(reporting.lines(form, shown))


def test_text_is_the_listing_unless_something_else_was_asked_for(reader: Reader) -> None:
    assert "functions without branches: f" in text("text", found(reader))
    both = text("text", found(reader, traced=True, covered=True))
    assert "functions without branches" not in both
    assert "are named unreachable, with the reason" in both
    assert "jobs: 0 runs, 0 failed" in both
    assert "unreachable: nobody calls it" in both


def test_json_holds_what_there_is(reader: Reader) -> None:
    assert not {"trace", "coverage"} & json.loads(text("json", found(reader))).keys()
    assert {"trace", "coverage"} <= json.loads(text("json", found(reader, traced=True, covered=True))).keys()


@pytest.mark.parametrize(("form", "begins"), [("markdown", "# Inventory"), ("html", "<!doctype html>")])
def test_pages(form: str, begins: str, reader: Reader) -> None:
    assert text(form, found(reader, traced=True)).lower().startswith(begins.lower())


def test_what_was_not_understood_has_its_place(reader: Reader) -> None:
    (line,) = reporting.not_understood(reader)
    assert line.startswith(f"{reader.inventory.file}:7:6: not understood: in backquotes: ")


def test_reasons_are_those_that_are_given(reader: Reader) -> None:
    assert reporting.reasons(None) == {}
    assert set(found(reader).reasons.values()) == {"nobody calls it"}
