"""`ci-port inventory` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_port.cli import main
from tests.unit.project.project_on_disk import ProjectOnDisk

PORT = '''\
def test_all(sh):
    """Everything."""
'''


@pytest.fixture
def ported(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the project a port, and return the flags that lead there."""
    package = project.root / "inventory_port"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / "suites.py").write_text(PORT)
    monkeypatch.syspath_prepend(str(project.root))
    return [*project.flags, "--port", "inventory_port.suites:test_all"]


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    found = capsys.readouterr()
    return found.out, found.err


def test_json_of_a_script(project: ProjectOnDisk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", *project.flags, "--format", "json"]) == 0
    found = json.loads(said(capsys)[0])
    assert found["functions"] == [{"name": "run_suite", "line": 3, "end_line": 5}]
    assert [(branch["kind"], branch["line"]) for branch in found["branches"]] == [("if", 6), ("else", 8)]
    assert found["branches"][0]["condition"] == '[[ "$SUITE" == lint ]]'


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_other_formats(project: ProjectOnDisk, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert main(["inventory", *project.flags, "--format", form]) == 0
    assert "run_suite" in said(capsys)[0]


def test_a_broken_script_is_a_usage_error_with_one_place(
    project: ProjectOnDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.write("broken.sh", "a\nif b; then\n")
    assert main(["inventory", "--script", str(path)]) == 2
    out, err = said(capsys)
    assert out == ""
    assert err == f"ci-port: {path}:3:1: unexpected end of the script: then has no command\n"
    assert main(["inventory", "--script", str(project.root / "none.sh")]) == 2


def test_strict_ends_with_3_and_names_what_was_not_understood(
    project: ProjectOnDisk, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.write("odd.sh", "a\necho `if`\n")
    assert main(["inventory", "--script", str(path)]) == 0
    assert f"{path}:2:6: not understood: in backquotes" in said(capsys)[1]
    assert main(["inventory", "--strict", "--script", str(path)]) == 3


def test_without_bashlex_the_remedy_is_named(
    project: ProjectOnDisk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith(("ci_port.shell", "bashlex"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bashlex", None)
    assert main(["inventory", *project.flags]) == 3
    assert "pip install 'ci_port[parity]'" in said(capsys)[1]


def test_trace_from_missing_to_ported_to_stale(ported: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from ci_port.project.tracing import TRACE_FILE

    root = Path(ported[1]).parent
    path = root / TRACE_FILE
    flags = [*ported, "--trace", "--trace-file", str(path)]
    assert main(["inventory", *flags]) == 1
    assert "0 ported, 0 stale, 4 missing" in said(capsys)[0]

    assert main(["inventory", *flags, "--update"]) == 1
    assert '"twin": null' in path.read_text()
    path.write_text(path.read_text().replace('"twin": null', '"twin": "suites:test_all"'))
    said(capsys)
    assert main(["inventory", *flags, "--update"]) == 0
    assert "4 ported, 0 stale, 0 missing" in said(capsys)[0]

    script = root / "scripts" / "test.sh"
    script.write_text(script.read_text().replace("ruff check", "ruff check --fix"))
    assert main(["inventory", *flags, "--update"]) == 1
    stale = next(line for line in said(capsys)[0].splitlines() if line.startswith("stale"))
    assert "test.sh:6" in stale
    assert main(["inventory", *flags, "--format", "json"]) == 1
    parts = json.loads(said(capsys)[0])["trace"]["parts"]
    (id,) = [part["id"] for part in parts if part["status"] == "stale"]
    assert main(["inventory", *flags, "--update", "--accept", id]) == 0


def test_flags_that_do_not_go_together(ported: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", *ported, "--update"]) == 2
    assert main(["inventory", *ported, "--trace", "--accept", "x"]) == 2
    assert main(["inventory", *ported, "--trace", "--update", "--accept", "x"]) == 2
    assert "no part of the script has the id x" in said(capsys)[1]
    assert main(["inventory", *ported[:2], "--port", "no.such:port", "--trace"]) == 2


def test_coverage_of_the_projects_own_jobs(ported: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", *ported, "--coverage"]) == 0
    out, _ = said(capsys)
    assert "CI's jobs: 3 runs, 0 failed" in out
    assert "2 of 2 branches taken" in out
    assert "1 of 1 tests shown to decide on their own (MC/DC)" in out


def test_coverage_of_several_sets_is_also_shown_together(
    project: ProjectOnDisk, ported: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    one = project.write("one.jsonl", '{"id": "1", "env": {"SUITE": "lint"}}\n')
    two = project.write("two.jsonl", '{"id": "2", "env": {"SUITE": "unit"}}\n')
    assert main(["inventory", *ported, "--coverage", str(one), str(two), "--format", "json"]) == 0
    found = json.loads(said(capsys)[0])["coverage"]
    assert [(coverage["runs"], [branch["taken"] for branch in coverage["branches"]]) for coverage in found] == [
        (1, [1, 0]),
        (1, [0, 1]),
        (2, [1, 1]),
    ]
