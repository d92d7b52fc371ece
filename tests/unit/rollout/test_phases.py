"""`rollout.toml`: which jobs a phase switches on, and files that are not right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ci_port
from ci_port.model import DataError
from ci_port.project.cases import load_jobs
from ci_port.project.file import load_project
from ci_port.rollout.phases import load_rollout, read_rollout

PROJECT = load_project(None)
PACKAGED = load_rollout(PROJECT.rollout)
JOBS = load_jobs(PROJECT.jobs, PROJECT.job_id)


def text(*phases: str, current: str = "0") -> str:
    return "\n".join(["version = 1", f'current = "{current}"', *phases])


OFF = '[[phase]]\nid = "0"\nname = "off"'
SMOKE = '[[phase]]\nid = "1"\nname = "limited"\njobs = [{ TEST = "smoke" }]\n[phase.gate]\nreport_days = 7'
WIDE = (
    '[[phase]]\nid = "2.1"\nname = "wide"\n'
    'jobs = [{ TEST = ["a*", "b?"], BUILD = "x*" }]\n[phase.gate]\nreport_days = 1'
)
WIDER = '[[phase]]\nid = "2.2"\nname = "wider"\njobs = [{ TEST = "*" }]\n[phase.gate]\nreport_days = 1'


def test_phases_add_up() -> None:
    rollout = read_rollout(text(OFF, SMOKE, WIDE, WIDER), "r.toml")
    off, smoke, wide, wider = rollout.phases
    job = {"TEST": "smoke", "BUILD": "y"}
    assert [rollout.switched_on(phase, job) for phase in rollout.phases] == [False, True, True, True]
    assert rollout.first_phase(job) is smoke
    assert rollout.first_phase({"TEST": "bc", "BUILD": "x1"}) is wide
    assert rollout.first_phase({"TEST": "bc", "BUILD": "y"}) is wider
    assert rollout.first_phase({}) is wider, "unset is empty, and `*` matches that"
    assert rollout.current is off


@pytest.mark.parametrize(("word", "id"), [("0", "0"), ("limited", "1"), ("2.1", "2.1"), ("2", "2.2"), ("wide", "2.1")])
def test_a_phase_has_an_id_a_name_and_its_number(word: str, id: str) -> None:
    assert read_rollout(text(OFF, SMOKE, WIDE, WIDER), "r.toml").find(word).id == id


def test_an_unknown_phase_is_said_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=re.escape("there is no phase '9'; the phases are 0 (off), 1 (limited)")):
        read_rollout(text(OFF, SMOKE), "r.toml").find("9")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("version = 2\n", "r.toml:1: field version: version 1 is expected, found 2"),
        ('version = 1\ncurrent = "0"\nphase = []', "there is no phase"),
        (text(OFF, OFF), "'0' names two phases"),
        (text(OFF, current="7"), "r.toml:2: field current: there is no phase '7'"),
        (
            text(OFF, '[[phase]]\nid = "1"\nname = "x"\njobs = [{ T = "s" }]'),
            "phase 1 switches jobs on and has no gate",
        ),
        (text(OFF, SMOKE.replace('{ TEST = "smoke" }', "{}")), "a selector names at least one variable"),
        (
            text(OFF, SMOKE.replace('"smoke"', "[]")),
            "r.toml:9: field phase[1].jobs[0].TEST: at least one glob is expected",
        ),
        (text(OFF, SMOKE.replace('"smoke"', '"@(a|b)"')), "extended glob"),
        (text(OFF, SMOKE + "\nshadow_runs = 3"), "how old the runs may be is missing"),
        (text(OFF, SMOKE + "\nmax_fallback_percent = 101"), "a percentage from 0 to 100 is expected"),
        (text(OFF, SMOKE + "\nreport_day = 3"), "unknown field"),
        (
            text(OFF, SMOKE.replace("= 7", "= -7")),
            "r.toml:11: field phase[1].gate.report_days: a number from 0 is expected",
        ),
        (text(OFF, SMOKE + "\nspaces = [1]"), "a string is expected, found a number"),
    ],
)
def test_a_file_that_is_not_right_is_refused_with_its_line(content: str, problem: str) -> None:
    with pytest.raises(DataError) as refused:
        read_rollout(content, "r.toml")
    assert problem in str(refused.value)


def test_every_job_of_ci_has_a_phase_and_the_first_is_smoke() -> None:
    found = {case.id: PACKAGED.first_phase({**dict(case.env)}) for case in JOBS}
    assert None not in found.values()
    assert [id for id, phase in found.items() if phase is PACKAGED.find("limited")] == [
        case.id for case in JOBS if dict(case.env)["TEST_CONFIG"] == "smoke"
    ]
    assert all(PACKAGED.switched_on(PACKAGED.find("3"), dict(case.env)) for case in JOBS)


@pytest.mark.parametrize(
    ("env", "phase"),
    [
        ({"TEST_CONFIG": "smoke", "BUILD_ENVIRONMENT": "anything"}, "1"),
        ({"TEST_CONFIG": "docs_test", "BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11"}, "2.1"),
        ({"TEST_CONFIG": "default", "BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11"}, "2.1"),
        ({"TEST_CONFIG": "default", "BUILD_ENVIRONMENT": "linux-jammy-py3.14-clang15"}, "2.2"),
        ({"TEST_CONFIG": "default", "BUILD_ENVIRONMENT": "linux-jammy-cuda12.8-py3.10-gcc11"}, "2.3"),
        ({"TEST_CONFIG": "distributed", "BUILD_ENVIRONMENT": "linux-jammy-cuda12.8-py3.10-gcc11"}, "2.4"),
        ({"TEST_CONFIG": "inductor_distributed", "BUILD_ENVIRONMENT": "linux-jammy-cuda12.8-py3.10-gcc11"}, "2.4"),
        ({"TEST_CONFIG": "a new one", "BUILD_ENVIRONMENT": "linux-jammy-py3.10-gcc11"}, "3"),
    ],
)
def test_the_packaged_phases_are_those_of_the_design(env: dict[str, str], phase: str) -> None:
    found = PACKAGED.first_phase(env)
    assert found is not None
    assert found.id == phase


def test_gates_ask_for_more_from_phase_to_phase() -> None:
    gates = [phase.gate for phase in PACKAGED.phases if phase.gate]
    assert len(gates) == len(PACKAGED.phases) - 1
    assert [gate.live_runs for gate in gates] == sorted(gate.live_runs for gate in gates)
    assert all(gate.max_mismatch_percent == 0 and gate.needs_evidence for gate in gates)
    known = dict(PROJECT.spaces)
    assert all(space in known for gate in gates for space in gate.spaces)


def test_the_runner_needs_no_more_than_this_file_and_the_lowest_rooms() -> None:
    source = (Path(ci_port.__file__).parent / "rollout" / "phases.py").read_text()
    imported = set(re.findall(r"^(?:from|import) (\S+)", source, re.MULTILINE))
    assert {name for name in imported if name.startswith("ci_port")} <= {
        "ci_port.bash",
        "ci_port.model",
        "ci_port.model.toml",
        "ci_port.model.reading",
    }
