"""What the port declares, held against the script."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import DataError
from ci_port.shell import trace
from ci_port.shell.trace import Declared, Status
from tests.unit.shell.scripts import read

TEXT = "f() { if a; then b; fi; }\nf\n"


def parts(text: str = TEXT) -> list[trace.Part]:
    return list(trace.parts_of(read(text), lambda _: "script.sh"))


def declared(text: str = TEXT) -> dict[trace.Key, Declared]:
    every = parts(text)
    named = {(part.file, part.id): Declared("m:f") for part in every}
    return trace.updated(every, named, ())


def statuses(table: trace.Trace) -> list[str]:
    return [row.status.value for row in table.rows]


def test_parts_are_the_script_its_functions_and_branches() -> None:
    assert [(part.kind, part.shows) for part in parts()] == [
        ("script", "commands outside of branches"),
        ("function", "f()"),
        ("if", "if a"),
    ]
    assert [part.kind for part in parts("f() { :; }")] == ["function"]


def test_ported_missing_stale_and_unanswered() -> None:
    names = ["m:f", "m:g"]
    table = trace.trace(parts(), declared(), names)
    assert statuses(table) == ["ported"] * 3
    assert table.complete
    assert table.unanswered == ("m:g",)
    changed = trace.trace(parts(TEXT.replace("b", "c")), declared(), names)
    assert statuses(changed) == ["ported", "ported", "stale"]
    assert not changed.complete
    assert statuses(trace.trace(parts(), declared(), ["m:g"])) == ["missing"] * 3
    assert statuses(trace.trace(parts(), {}, names)) == ["missing"] * 3


def test_unreachable_needs_a_reason_and_gone_parts_are_named() -> None:
    every = parts()
    known = {(part.file, part.id): Declared(None, part.fingerprint, "nobody calls it") for part in every}
    table = trace.trace(every, {**known, ("script.sh", "old"): Declared("m:f", "x")}, [])
    assert table.count(Status.UNREACHABLE) == 3
    assert table.gone == (("script.sh", "old"),)
    assert not table.complete


def test_update_never_invents_a_twin_nor_renews_a_changed_part_by_itself() -> None:
    new = parts("if new; then x; fi\n" + TEXT.replace("b", "c"))
    result = trace.updated(new, declared(), ())
    table = trace.trace(new, result, ["m:f"])
    assert [(row.part.shows, row.status.value) for row in table.rows if row.status is not Status.PORTED] == [
        # The order around the new branch may matter: whoever carries out the rest has to look, too.
        ("commands outside of branches", "stale"),
        ("if new", "missing"),
        ("if a", "stale"),
    ]
    stale = [row.part.id for row in table.rows if row.status is Status.STALE]
    accepted = trace.trace(new, trace.updated(new, declared(), stale), ["m:f"])
    assert accepted.count(Status.STALE) == 0


def test_the_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    assert trace.load(path) == {}
    path.write_text(trace.dump(parts(), declared()))
    assert trace.load(path) == declared()
    path.write_text('{"files": [{"name": "a", "parts": [{"id": 1}]}]}')
    with pytest.raises(DataError):
        trace.load(path)
