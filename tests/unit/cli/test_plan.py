"""`ci-port plan`."""

from __future__ import annotations

import gzip
import io
import json
import sys
import types

import pytest

from ci_port.cli import main
from ci_port.model import Asked, Case, NotPorted, Observation, Place, RunFailed, Unanswered, World
from tests.unit.project.project_on_disk import ProjectOnDisk, fake_sides, observed

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script side that shows its environment, and a port that says it is one."""
    fake_sides(monkeypatch, observed, lambda world, case: observed(world, case, "port"))


def stdin(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(raw)))


@pytest.mark.usefixtures("sides")
def test_text_shows_one_step_a_line_with_its_place(project: ProjectOnDisk, capsys: Capture) -> None:
    assert main(["plan", "--impl", "shell", *project.flags]) == 0
    out, err = capsys.readouterr()
    first, second, last = out.splitlines()
    assert first.split("  # ") == ["1  show HOME=/srv SUITE=".ljust(67), "test.sh:3"]
    assert second.endswith("# test.sh:4 in f")
    assert last == "exit 0"
    assert err == ""


@pytest.mark.usefixtures("sides")
def test_env_is_laid_over_the_world(project: ProjectOnDisk, capsys: Capture) -> None:
    arguments = ["--env", "SUITE=a=b c", "--env", "NEW=", "--unset", "HOME", "--format", "json"]
    assert main(["plan", "--impl", "python", *project.flags, *arguments]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["steps"][0]["argv"] == ["show", "NEW=", "SUITE=a=b c"]
    assert plan["steps"][1]["argv"] == ["run", "port"]


@pytest.mark.usefixtures("sides")
def test_cases_come_out_in_order_in_the_recorded_format(project: ProjectOnDisk, capsys: Capture) -> None:
    lines = [json.dumps({"id": f"c{number}", "env": {"N": str(number)}}) for number in range(100)]
    cases = project.write("cases.jsonl", "\n".join(lines))
    assert (
        main(["plan", "--impl", "shell", "--cases", str(cases), "--env", "N=x", "--unset", "HOME", *project.flags]) == 0
    )
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 100
    assert out[7] == (
        '{"id":"c7","plan":{"status":0,"steps":[{"argv":["show","N=7","SUITE="],"cwd":".","kind":"exec"},'
        '{"argv":["run"],"cwd":".","kind":"exec"}]}}'
    )
    assert [json.loads(line)["id"] for line in out] == [f"c{number}" for number in range(100)]


@pytest.mark.usefixtures("sides")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_cases_can_come_from_standard_input(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch, pack: type[bytes]
) -> None:
    stdin(monkeypatch, pack(b'{"id":"x","env":{}}\n\n{"id":"y","env":{"HOME":null}}\n'))
    assert main(["plan", "--impl", "shell", "--cases", "-", *project.flags]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == ["x", "y"]


@pytest.mark.usefixtures("sides")
def test_cases_can_come_packed(project: ProjectOnDisk, capsys: Capture) -> None:
    path = project.root / "cases.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id":"x","env":{}}'))
    assert main(["plan", "--impl", "shell", "--cases", str(path), "--format", "text", *project.flags]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "x"
    assert main(["plan", "--impl", "shell", "--cases", str(path), "--format", "json", *project.flags]) == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)] == ["x"]


def failing(world: World, case: Case) -> Observation:
    if case.id == "bad":
        raise RunFailed("time is up", Place("test.sh", 9), "sleep 1d")
    if case.id == "missing":
        raise NotPorted("test_xla")
    if case.id == "bug":
        raise ZeroDivisionError("by zero")
    return observed(world, case)


def test_a_case_that_fails_has_an_error_line_and_the_others_go_on(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, failing, failing)
    lines = "\n".join(json.dumps({"id": name, "env": {}}) for name in ("a", "bad", "missing", "bug", "z"))
    cases = project.write("cases.jsonl", lines)
    assert main(["plan", "--impl", "shell", "--cases", str(cases), *project.flags]) == 4
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["id"] for entry in entries] == ["a", "bad", "missing", "bug", "z"]
    assert [entry.get("error") for entry in entries] == [
        None,
        "test.sh:9: time is up (command: sleep 1d)",
        "not ported yet: test_xla",
        "ZeroDivisionError: by zero",
        None,
    ]


@pytest.mark.parametrize("format", ["text", "json", "jsonl"])
def test_a_failure_of_one_environment_leaves_stdout_to_results(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    def fail(world: World, case: Case) -> Observation:
        raise RunFailed("time is up")

    fake_sides(monkeypatch, fail, fail)
    assert main(["plan", "--impl", "python", "--format", format, *project.flags]) == 4
    out, err = capsys.readouterr()
    if format == "jsonl":
        assert json.loads(out) == {"id": "command-line", "error": "time is up"}
    else:
        assert (out, err) == ("", "ci-port: time is up\n")


def test_a_made_up_answer_is_pointed_out(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Unanswered(Asked.OUTPUT, ("lscpu", "-e"), Place("test.sh", 2, ("cores",)))

    def side(world: World, case: Case) -> Observation:
        plan = observed(world, case)
        return Observation(plan.plan, plan.places, (probe, probe))

    fake_sides(monkeypatch, side, side)
    assert main(["plan", "--impl", "shell", *project.flags]) == 0
    problem = "no rule of the world answers lscpu -e; its output was taken as empty (test.sh:2 in cores)"
    settled = '{"commands":[{"argv":["lscpu","-e"],"stdout":""}]}'
    assert capsys.readouterr().err == f"ci-port: untrusted: {problem}; to settle it: {settled}\n"


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_a_file_without_cases_is_a_usage_error(project: ProjectOnDisk, capsys: Capture, text: str) -> None:
    cases = project.write("none.jsonl", text)
    assert main(["plan", "--impl", "python", "--cases", str(cases), *project.flags]) == 2
    assert "there is no case to plan" in capsys.readouterr().err
