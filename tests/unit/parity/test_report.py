"""The report: what stands in it, its schema, its seal, and reading it back."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

import ci_port
from ci_port.model.plan import dumps
from ci_port.parity import to_json
from ci_port.parity.reader import BadReport, Fault, load_report, read_report
from ci_port.parity.report import seal
from tests.unit.parity import sample

SCHEMA = Path(ci_port.__file__).parent / "data" / "report.schema.json"


def written(cases: Any = sample.BAD) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dumps(to_json(sample.make(cases))))
    return found


def test_counts_findings_and_what_explains_each_case() -> None:
    report = written()
    assert report["counts"] == {"same": 1, "different": 2, "not ported": 1, "untrusted": 2}
    assert (report["total"], report["failed"], report["good"]) == (6, 1, False)
    by_id = {result["id"]: result for result in report["results"]}
    assert by_id["linux/new"]["branch"] == "the new arm"
    assert by_id["linux/broken"]["failures"][0]["command"] == "dd <x> | y"
    assert by_id["linux/guess"]["unanswered"][0]["subject"] == ["nproc"]
    assert report["unanswered"] == [
        {
            "what": "output",
            "subject": ["nproc"],
            "place": {"file": "scripts/test.sh", "line": 3, "functions": []},
            "paste": '{"commands":[{"argv":["nproc"],"stdout":""}]}',
            "cases": 1,
        }
    ]
    (finding,) = report["findings"]
    assert finding["cases"] == ["cuda/unit", "cuda/lint"]
    assert (finding["script"]["line"], finding["port"]["file"]) == (11, "port.py")
    assert finding["edits"][0]["text"] == "removed `--verbose` from `run …`"
    assert finding["minimal"]["env"] == {"BUILD": "cuda"}
    assert finding["deep"] == {"iterable_item_removed": {"root['steps'][1]['argv'][3]": "--verbose"}}


def test_the_schema_is_one_and_describes_reports() -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for cases in (sample.GOOD, sample.BAD, ()):
        assert list(validator.iter_errors(written(cases))) == []


@pytest.mark.parametrize("field", sorted(to_json(sample.make())))
def test_no_field_may_be_missing_by_the_schema(field: str) -> None:
    report = written()
    del report[field]
    assert list(Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(report))


@pytest.mark.parametrize("cases", [sample.GOOD, sample.BAD])
def test_reading_and_writing_again_gives_the_same_bytes(cases: Any) -> None:
    text = dumps(to_json(sample.make(cases)))
    assert dumps(to_json(read_report(text, "r.json"))) == text


def test_equal_runs_stand_once() -> None:
    twice = (*sample.GOOD, sample.job("unit", id="again"))
    assert len(written(twice)["runs"]) == len(written(sample.GOOD)["runs"])


def _set(path: tuple[Any, ...], value: Any) -> Any:
    def edit(report: dict[str, Any]) -> None:
        for part in path[:-1]:
            report = report[part]
        report[path[-1]] = value

    return edit


EDITED = {
    "a verdict": _set(("results", 1, "verdict"), "same"),
    "a count": _set(("counts", "different"), 0),
    "the moment": _set(("made",), "2026-11-23T00:00:00Z"),
    "a fingerprint": _set(("subjects", "script", "fingerprint"), "5" * 64),
    "a removed result": lambda report: report["results"].pop(),
}
CONTRADICTORY = {
    "counts": (_set(("counts", "different"), 0), "the counts are not those of the results"),
    "good": (_set(("good",), True), "the totals are not those of the results"),
    "space": (_set(("spaces", 0, "cases"), 5), "the spaces do not have the cases that they claim"),
    "plan": (_set(("steps", 0, "argv"), ["other"]), "the fingerprint is not that of the plan"),
    "step": (_set(("runs", 0, "steps", 0), 99), "there is no step, or place, with this number"),
    "id": (_set(("results", 0, "id"), "x"), "the id is not that of the case"),
    "verdict": (_set(("results", 0, "verdict"), "fine"), "'fine' is no verdict"),
    "runs": (_set(("results", 0, "runs"), [0]), "the numbers of two runs are expected"),
    "missing runs": (_set(("results", 0, "runs"), None), "is called same and has no runs"),
    "shape": (_set(("results", 1, "difference", "shape"), "bent"), "'bent' is not a valid Shape"),
    "finding": (_set(("findings", 0, "cases"), ["nobody"]), "a finding names cases"),
    "moment": (_set(("made",), "yesterday"), "a moment as"),
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED)
def test_a_report_that_was_edited_by_hand_is_refused(edit: Any) -> None:
    report = written()
    edit(report)
    with pytest.raises(BadReport, match="the seal does not fit") as refused:
        read_report(json.dumps(report), "r.json")
    assert refused.value.fault is Fault.EDITED


@pytest.mark.parametrize(("edit", "problem"), CONTRADICTORY.values(), ids=CONTRADICTORY)
def test_a_report_that_was_edited_and_sealed_again_contradicts_itself(edit: Any, problem: str) -> None:
    report = written()
    edit(report)
    report["seal"] = seal(report)
    with pytest.raises(BadReport) as refused:
        read_report(json.dumps(report), "r.json")
    assert refused.value.fault is Fault.CONTRADICTORY
    assert problem in str(refused.value)


def test_a_different_case_cannot_be_called_the_same() -> None:
    report = written()
    report["results"][1]["verdict"] = "same"
    report["counts"] = {**report["counts"], "same": 2, "different": 1}
    report["seal"] = seal(report)
    with pytest.raises(BadReport, match="is called the same and its plans differ"):
        read_report(json.dumps(report), "r.json")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.UNREADABLE),
        ("{", Fault.UNREADABLE),
        ("[" * 100_000, Fault.UNREADABLE),
        ("[]", Fault.FOREIGN),
        ('{"format":"other"}', Fault.FOREIGN),
        ('{"format":"ci-port parity","version":2,"counts":{}}', Fault.OTHER_VERSION),
        ('{"format":"ci-port parity","version":4}', Fault.OTHER_VERSION),
        ('{"format":"ci-port parity","version":3}', Fault.EDITED),
    ],
)
def test_what_is_no_report_is_refused_by_its_kind(text: str, fault: Fault) -> None:
    with pytest.raises(BadReport) as refused:
        read_report(text, "r.json")
    assert refused.value.fault is fault


def test_a_report_that_is_cut_off_or_not_there_is_unreadable(tmp_path: Path) -> None:
    text = dumps(to_json(sample.make()))
    for name, content in (("cut.json", text[: len(text) // 2]), ("gone.json", None)):
        if content is not None:
            (tmp_path / name).write_text(content)
        with pytest.raises(BadReport) as refused:
            load_report(tmp_path / name)
        assert refused.value.fault is Fault.UNREADABLE
        assert name in str(refused.value)


def test_the_seal_covers_everything() -> None:
    report = written()
    for field in report.keys() - {"seal"}:
        other = copy.deepcopy(report)
        other[field] = "other"
        assert seal(other) != report["seal"]
