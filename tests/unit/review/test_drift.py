"""How far script and port have parted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("bashlex", reason="reading a script needs it")

from ci_port.model.errors import CannotRun, UsageError
from ci_port.review.drift import Drift, parted, read
from ci_port.shell.trace import Declared, Part
from tests.unit.parity import sample

READ = Part("t.sh", "f", "function", "f", 3, 5, "f()", "new")


def drift(report: bool = False, **declared: Declared) -> Drift:
    said = {("t.sh", name): one for name, one in declared.items()}
    return parted("t.sh", [READ], said, sample.make(sample.BAD) if report else None)


def test_nothing_has_moved() -> None:
    found = drift(f=Declared("port:f", "new"))
    assert not found.any
    assert not drift(f=Declared("port:f", "")).any, "a fingerprint that is to be filled in is no change"


def test_a_part_that_is_not_declared_is_added() -> None:
    found = drift()
    assert [(moved.id, moved.part, moved.twin) for moved in found.added] == [("f", READ, None)]
    assert found.any
    assert found.stale == {}


def test_a_changed_part_and_a_part_that_went_make_their_functions_stale() -> None:
    found = drift(f=Declared("port:f", "old"), g=Declared("port:f", "x"), h=Declared(None, "x", "nobody calls it"))
    assert [moved.id for moved in found.changed] == ["f"]
    assert [(moved.id, moved.part) for moved in found.removed] == [("g", None), ("h", None)]
    assert {twin: [moved.id for moved in parts] for twin, parts in found.stale.items()} == {"port:f": ["f", "g"]}


def test_jobs_that_differ_are_something_to_do() -> None:
    found = drift(report=True, f=Declared("port:f", "new"))
    assert found.any
    jobs = found.to_json()["jobs"]
    assert (jobs["total"], jobs["differ"][0]) == (6, "cuda/unit")


def test_json_has_everything() -> None:
    found = json.loads(json.dumps(drift(f=Declared("port:f", "old"), g=Declared("port:f", "x")).to_json()))
    assert found["changed"] == [{"file": "t.sh", "id": "f", "line": 3, "shows": "f()", "twin": "port:f"}]
    assert found["removed"] == [{"file": "t.sh", "id": "g", "line": None, "shows": None, "twin": "port:f"}]
    assert (found["stale"], found["jobs"]) == ({"port:f": ["f", "g"]}, None)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    script, declared = tmp_path / "t.sh", tmp_path / "trace.json"
    script.write_text("f() {\n  make\n}\nf\n")
    declared.write_text('{"files": [{"name": "t.sh", "parts": [{"id": "f", "twin": "port:f"}]}]}')
    return script, declared


def test_script_and_declarations_are_read(files: tuple[Path, Path]) -> None:
    parts, declarations = read(files[0], lambda: files[1])
    assert [(part.id, part.line) for part in parts if part.kind == "function"] == [("f", 1)]
    assert declarations == {("t.sh", "f"): Declared("port:f")}


@pytest.mark.parametrize(
    ("script", "declared", "said"),
    [
        ("t.sh", "no.json", "it is not known what the port was written from"),
        ("no.sh", "trace.json", "there is no script"),
        ("trace.json", "trace.json", "trace.json:1"),
    ],
)
def test_what_is_not_there_or_not_bash_is_a_usage_error(
    script: str, declared: str, said: str, files: tuple[Path, Path]
) -> None:
    folder = files[0].parent
    files[1].write_text("if (")
    with pytest.raises(UsageError, match=said):
        read(folder / script, lambda: folder / declared)


def test_without_bashlex_the_remedy_is_named_and_nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> Path:
        raise AssertionError("nothing can be read")

    for name in [name for name in sys.modules if name.startswith(("ci_port.shell", "bashlex"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bashlex", None)
    with pytest.raises(CannotRun, match=r"Reading the script needs bashlex: pip install 'ci_port\[parity\]'"):
        read(Path("t.sh"), never)
