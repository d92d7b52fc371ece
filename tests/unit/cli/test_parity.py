"""`ci-port parity`."""

from __future__ import annotations

import json
import os
import re
import shlex

import pytest

from ci_port.cli import main
from ci_port.model import Asked, Case, NotPorted, Observation, Place, RunFailed, Unanswered, World
from tests.unit.project.project_on_disk import ProjectOnDisk, fake_sides, observed

Capture = pytest.CaptureFixture[str]


def port(world: World, case: Case) -> Observation:
    return observed(world, case, file="port.py")


def test_without_cases_all_jobs_are_compared(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, port)
    assert main(["parity", *project.flags]) == 0
    assert capsys.readouterr() == ("3 cases: 3 same, 0 different, 0 not ported, 0 untrusted\n", "")


def differing(world: World, case: Case) -> Observation:
    more = ("--shard", "2") if dict(case.env).get("SHARD") == "2" else ()
    return observed(world, case, "--verbose", *more, file="port.py")


def test_a_difference_is_shown_side_by_side_with_the_commands_that_show_both_plans(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, differing)
    monkeypatch.setenv("CI_PORT_COMMAND", "tools/ci-port")
    assert main(["parity", *project.flags]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    lines = [re.sub(r" +", " ", line).strip() for line in out.splitlines()]
    config = shlex.quote(str(project.config))
    assert lines[:8] == [
        "2 cases: unit, lint",
        "step 2, not the same on both sides:",
        "script: test.sh:4 in f | port: port.py:4 in f",
        "run | run {+--verbose+}",
        "both plans in full:",
        f"tools/ci-port plan --impl shell --config {config} --env SHARD=1 --env SUITE=unit",
        f"tools/ci-port plan --impl python --config {config} --env SHARD=1 --env SUITE=unit",
        "",
    ]
    assert lines[8] == "1 case: unit#2"
    assert lines[11] == "run | run {+--verbose+} {+--shard+} {+2+}"
    assert lines[-1] == "3 cases: 0 same, 3 different, 0 not ported, 0 untrusted"


def test_the_commands_of_a_case_with_a_world_of_its_own_hand_the_case_over(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, differing)
    case = {"env": {"X": "it's"}, "id": "w", "world": {"absent": ["/usr/bin/nvidia-smi"]}}
    cases = project.write("cases.jsonl", json.dumps(case))
    assert main(["parity", "--cases", str(cases), *project.flags]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "--impl shell" in line]
    printf, plan = line.split(" | ")
    assert json.loads(shlex.split(printf)[2]) == case
    assert shlex.split(plan)[:4] == ["ci-port", "plan", "--impl", "shell"]
    assert plan.endswith("--cases - --format text")


def test_not_ported_and_untrusted_name_branch_and_reason(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def candidate(world: World, case: Case) -> Observation:
        if case.id == "lint":
            raise NotPorted("lint arm")
        return observed(world, case)

    def control(world: World, case: Case) -> Observation:
        plan = observed(world, case)
        probe = Unanswered(Asked.OUTPUT, ("lscpu",), Place("test.sh", 2))
        return Observation(plan.plan, plan.places, (probe,) if case.id == "unit" else ())

    fake_sides(monkeypatch, control, candidate)
    assert main(["parity", *project.flags]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "untrusted, no rule of the world answers lscpu; its output was taken as empty (test.sh:2)",
        '  to settle it: {"commands":[{"argv":["lscpu"],"stdout":""}]}',
        "  1 of the cases: unit",
        "not ported: lint arm",
        "  1 of the cases: lint",
        "",
        "3 cases: 1 same, 0 different, 1 not ported, 1 untrusted",
    ]


def test_a_side_that_fails_outweighs_a_difference(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def control(world: World, case: Case) -> Observation:
        if case.id == "lint":
            raise RunFailed("a device is opened", Place("test.sh", 7), "dd")
        return observed(world, case)

    fake_sides(monkeypatch, control, differing)
    assert main(["parity", *project.flags]) == 4
    out = capsys.readouterr().out
    assert "untrusted, failed: script: test.sh:7: a device is opened (command: dd)" in out
    assert "2 different" in out


def test_many_different_changes_are_cut_short(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, lambda world, case: observed(world, case, case.id))
    cases = project.write("cases.jsonl", "\n".join(json.dumps({"id": f"c{n}", "env": {}}) for n in range(25)))
    assert main(["parity", "--cases", str(cases), *project.flags]) == 1
    out = capsys.readouterr().out
    assert out.count("both plans in full") == 10
    assert "... and 15 more changes in 15 cases; --report FILE writes them all" in out


def test_json_and_report_say_the_same(project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sides(monkeypatch, observed, differing)
    target = project.root / "report.json"
    target.write_text("old")
    assert main(["parity", "--format", "json", "--report", str(target), *project.flags]) == 1
    out = capsys.readouterr().out
    assert target.read_text() == out
    assert json.loads(out)["counts"]["different"] == 3
    assert [path.name for path in project.root.glob(".*")] == []


def test_a_report_that_cannot_be_written_is_said_before_the_work(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(world: World, case: Case) -> Observation:
        raise AssertionError("nothing may run")

    fake_sides(monkeypatch, never, never)
    missing = project.root / "missing" / "report.json"
    assert main(["parity", "--report", str(missing), *project.flags]) == 2
    assert f"there is no directory {missing.parent}" in capsys.readouterr().err
    assert main(["parity", "--report", str(project.root), *project.flags]) == 2
    assert "this is a directory" in capsys.readouterr().err


def test_a_report_can_go_into_a_pipe(project: ProjectOnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sides(monkeypatch, observed, port)
    fifo = project.root / "pipe"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert main(["parity", "--report", str(fifo), *project.flags]) == 0
        assert json.loads(os.read(reader, 65536))["total"] == 3
    finally:
        os.close(reader)
    assert fifo.is_fifo()


def test_no_case_is_no_success(project: ProjectOnDisk, capsys: Capture) -> None:
    cases = project.write("cases.jsonl", "\n")
    assert main(["parity", "--cases", str(cases), *project.flags]) == 2
    assert "there is no case to compare" in capsys.readouterr().err


def test_ids_must_be_unique_over_all_files(project: ProjectOnDisk, capsys: Capture) -> None:
    one = project.write("one.jsonl", '{"id":"x","env":{}}')
    two = project.write("two.jsonl", '{"id":"x","env":{}}')
    assert main(["parity", "--cases", str(one), str(two), *project.flags]) == 2
    assert "the case 'x' stands in more than one of the files" in capsys.readouterr().err


def test_shown_paths_start_here(project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    fake_sides(
        monkeypatch,
        lambda world, case: observed(world, case, "a", file=str(project.root / "scripts/test.sh")),
        lambda world, case: observed(world, case, "b", file="/elsewhere/port.py"),
    )
    assert main(["parity", *project.flags]) == 1
    out = capsys.readouterr().out
    assert "script: scripts/test.sh:4 in f" in out
    assert "port: /elsewhere/port.py:4 in f" in out


def test_spaces_are_named_in_the_report_and_ids_stay_apart(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, port)
    project.write("more.jsonl", json.dumps({"id": "unit", "env": {"SUITE": "unit"}}))
    config = json.loads(project.config.read_text())
    project.config.write_text(json.dumps({**config, "spaces": {"more": "more.jsonl"}}))
    assert main(["parity", "--space", "jobs", "more", "--format", "json", *project.flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(space["name"], space["cases"]) for space in report["spaces"]] == [("jobs", 3), ("more", 1)]
    assert [result["id"] for result in report["results"]] == ["unit", "unit#2", "lint", "more/unit"]
    assert report["axes"] == ["SHARD", "SUITE"]
    assert main(["parity", "--space", "less", *project.flags]) == 2
    assert "there is no space 'less'; the spaces are jobs, more" in capsys.readouterr().err


def test_every_command_can_fail_in_turn(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, port)
    assert main(["parity", "--fail-each-step", "--format", "json", *project.flags]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["spaces"][0]["name"] == "jobs, each step failing"
    ids = [result["id"] for result in report["results"]]
    assert ids[:3] == ["unit", "unit#0=1", "unit#1=1"]
    assert len(ids) == 9


def test_a_waiver_that_excuses_every_difference_makes_the_run_good_and_a_stale_one_fails_it(
    project: ProjectOnDisk, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_sides(monkeypatch, observed, differing)
    cases = project.write("cases.jsonl", json.dumps({"id": "lint", "env": {"SUITE": "lint"}}))
    waiver = """
version = 1
[[waiver]]
branch = "f"
condition = [{ variable = "SUITE", value = "lint" }]
change = ["added `--verbose` to `run …`"]
reason = "it is wanted"
owner = "somebody"
expires = "2999-12-31"
"""
    project.write("waivers.toml", waiver)
    config = json.loads(project.config.read_text())
    project.config.write_text(json.dumps({**config, "waivers": "waivers.toml"}))
    parity = ["parity", "--cases", str(cases), *project.flags]
    assert main(parity) == 0
    out = capsys.readouterr().out
    assert "waiver of somebody for f: it is wanted (until 2999-12-31)\n  excuses 1 of the cases" in out
    project.write("waivers.toml", waiver.replace("2999", "2020"))
    assert main(parity) == 1
    assert "expired on 2020-12-31" in capsys.readouterr().out
    project.write("waivers.toml", waiver.replace("--verbose", "--quiet"))
    assert main(parity) == 1
    assert "matches no difference any more; remove it" in capsys.readouterr().out
