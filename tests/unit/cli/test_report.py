"""`ci-port report`: a report in another form, with the exit status of the comparison."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.cli import main
from ci_port.model.plan import dumps
from ci_port.parity import to_json
from ci_port.parity.render.forms import FORMATS
from tests.unit.parity import sample

Capture = pytest.CaptureFixture[str]


def written(tmp_path: Path, good: bool) -> str:
    path = tmp_path / "r.json"
    cases = sample.GOOD if good else sample.BAD[:3]
    path.write_text(dumps(to_json(sample.make(cases))))
    return str(path)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("good", [True, False])
def test_every_form_goes_to_standard_output_and_to_a_file(
    format: str, good: bool, tmp_path: Path, capsys: Capture
) -> None:
    report, target = written(tmp_path, good), tmp_path / "out"
    status = 0 if good else 1
    assert main(["report", report, "--format", format]) == status
    out = capsys.readouterr().out
    assert out
    assert main(["report", report, "--format", format, "-o", str(target)]) == status
    assert target.read_text() == out
    assert capsys.readouterr().out == ""


def test_text_is_what_parity_prints(tmp_path: Path, capsys: Capture) -> None:
    assert main(["report", written(tmp_path, False)]) == 1
    out = capsys.readouterr().out
    assert "2 cases: cuda/unit, lint" in out.replace("cuda/lint", "lint")
    assert "smallest environment: BUILD=cuda" in out
    assert out.splitlines()[-1] == "3 cases: 1 same, 2 different, 0 not ported, 0 untrusted"


def test_json_is_the_file(tmp_path: Path, capsys: Capture) -> None:
    report = written(tmp_path, False)
    main(["report", report, "--format", "json"])
    assert json.loads(capsys.readouterr().out) == json.loads(Path(report).read_text())


def test_what_is_no_report_is_a_usage_error(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    assert main(["report", str(path)]) == 2
    assert "this is no report" in capsys.readouterr().err
    assert main(["report", written(tmp_path, True), "-o", str(tmp_path)]) == 2
    assert "this is a directory" in capsys.readouterr().err
