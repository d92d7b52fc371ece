"""Places as people write them from here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_port.model import Asked, Observation, Place, Plan, RunFailed, Unanswered
from ci_port.parity.places import FromHere, place_text, shown


def test_paths_below_here_are_shown_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place_text(Place(str(tmp_path / "a" / "t.sh"), 4, ("f", "g"))) == "a/t.sh:4 in f"
    assert place_text(Place("/elsewhere/t.sh", 4)) == "/elsewhere/t.sh:4"
    assert place_text(Place("t.sh", 4)) == "t.sh:4"


def test_paths_that_are_not_below_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown(tmp_path / "here" / "x") == "x"
    assert shown(tmp_path / "x") == str(tmp_path / "x")
    assert shown(Path("a/../x")) == "a/../x"
    assert place_text(Place("./t.sh", 4)) == "./t.sh:4"


def test_all_places_of_a_run_are_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "t.sh")
    place = Place(file, 3, ("f",))
    found = FromHere().observation(
        Observation(Plan((), 0), (place, place), (Unanswered(Asked.OUTPUT, ("x",), place),), {file: frozenset({3})})
    )
    assert found.places == (Place("t.sh", 3, ("f",)),) * 2
    assert found.unanswered[0].place.file == "t.sh"
    assert found.lines == {"t.sh": frozenset({3})}


def test_a_failure_keeps_all_but_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed = FromHere().failure(RunFailed("time is up", Place(str(tmp_path / "t.sh"), 9), "sleep"))
    assert str(failed) == "t.sh:9: time is up (command: sleep)"
    assert FromHere().failure(RunFailed("no place")).place is None
