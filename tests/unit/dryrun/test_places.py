"""Places have the names that the user knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ci_port.dryrun.layout import Kind
from ci_port.dryrun.own_files import OwnFiles
from ci_port.dryrun.places import Places
from ci_port.dryrun.records import Record

OWN = OwnFiles("/real/ci", "/w/ci/steps", "/w/ci/steps", {})
PLACES = Places("my ci", OWN, "/w")


def test_a_file_is_shown_as_the_user_wrote_it_whatever_way_the_script_did() -> None:
    for file in ("ci/steps/a.sh", "/w/ci/steps/a.sh", "./ci/steps/../steps/a.sh"):
        assert PLACES.shown(file) == "my ci/a.sh"
    assert PLACES.shown("/data/a.sh") == "/data/a.sh"
    assert PLACES.shown("ci/other.sh") == "ci/other.sh"
    assert PLACES.shown("") == ""


def test_the_place_of_an_event_and_of_an_error() -> None:
    record = Record(Kind.ERROR, (1,), 7, 0, 0, 0, "ci/steps/a.sh", ("f", "g"), ("problem", "the command"))
    assert PLACES.of(record) == ["my ci/a.sh", 7, ["f", "g"]]
    assert PLACES.of_error(record) == {"place": ["my ci/a.sh", 7, ["f", "g"]], "command": "the command"}


def test_the_last_place_with_its_line(tmp_path: Path) -> None:
    script = tmp_path / "w" / "ci" / "steps" / "a.sh"
    script.parent.mkdir(parents=True)
    script.write_text("one\n  two  \n", encoding="utf-8")

    def of_last(at: tuple[str, int] | None) -> dict[str, Any]:
        return PLACES.of_last(at, lambda path: f"{tmp_path}{path}")

    assert of_last(("ci/steps/a.sh", 2)) == {"place": ["my ci/a.sh", 2, []], "command": "two"}
    assert of_last(("/w/ci/steps/a.sh", 2)) == {"place": ["my ci/a.sh", 2, []], "command": "two"}
    assert of_last(("ci/steps/a.sh", 9)) == {"place": ["my ci/a.sh", 9, []]}
    assert of_last(("gone.sh", 1)) == {"place": ["gone.sh", 1, []]}
    assert of_last(None) == {}


def test_with_a_checkout_all_of_it_has_names() -> None:
    own = OwnFiles("/real", "/w", "/w/ci/steps", {})
    shown = {directory: Places(directory, own, "/w") for directory in (".", "ci/steps", "/real/ci/steps")}
    assert {directory: places.shown("/w/lib/x.sh") for directory, places in shown.items()} == {
        ".": "../../lib/x.sh",
        "ci/steps": "lib/x.sh",
        "/real/ci/steps": "/real/lib/x.sh",
    }
    assert shown["ci/steps"].shown("./ci/steps/a.sh") == "ci/steps/a.sh"
    assert shown["ci/steps"].shown("../elsewhere") == "../elsewhere"


def test_lines_of_one_file_under_several_names() -> None:
    found = [("ci/steps/a.sh", frozenset((3, 1))), ("/w/ci/steps/a.sh", frozenset((2, 3))), ("/x.sh", frozenset((1,)))]
    assert PLACES.lines(found) == {"my ci/a.sh": [1, 2, 3], "/x.sh": [1]}
