"""Every part of the script has its twin, and the twin is called whenever the part is taken.

Fails on a part that is missing or stale. What to do then: look at the twin, then
`tools/ci-port inventory --trace --update --accept ID`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

import ci_port.pytorch
from ci_port.dryrun import Recorder
from ci_port.host import observe
from ci_port.model import Case
from ci_port.model.world import load_world
from ci_port.project.cases import load_cases
from ci_port.project.file import load_project
from ci_port.shell import read_script, trace
from ci_port.shell.coverage import Reader
from ci_port.shell.trace import Status
from ci_port.shell.twins import functions_of

PROJECT = load_project(None)
PACKAGE = Path(ci_port.pytorch.__file__).parent
RECORDED = Path(__file__).parent / "recorded"
WITNESSES = RECORDED.parent / "witnesses.jsonl"
KINDS = ("job", "mix", "world", "fail")
EVERY = 19
READER = Reader(read_script(PROJECT.script))
TABLE = trace.trace(
    list(trace.parts_of(READER.inventory, READER.name_of)), trace.load(PACKAGE / "trace.json"), functions_of(PACKAGE)
)
TWINS = {(row.part.file, row.part.id): row.declared.twin for row in TABLE.rows if row.declared}


def sample() -> Iterator[Case]:
    """Yield a part of the recorded cases of each kind, and the witnesses of branches that none of them takes."""
    for name in KINDS:
        yield from load_cases(str(RECORDED / f"{name}.jsonl.gz"))[::EVERY]
    yield from load_cases(str(WITNESSES))


def test_every_construct_of_the_script_is_read() -> None:
    assert [(name, item) for name, file in READER.files.items() for item in file.unknown] == []
    assert set(READER.files) == {"test.sh", "common.sh", "common_utils.sh", "common-build.sh"}


@pytest.mark.parametrize("status", [Status.MISSING, Status.STALE])
def test_no_part_is_missing_or_stale(status: Status) -> None:
    assert [(row.part.file, row.part.line, row.part.id) for row in TABLE.rows if row.status is status] == []


def test_nothing_is_declared_that_is_not_there() -> None:
    assert TABLE.gone == ()


def test_known_unreachable_parts_are_named_with_the_reason() -> None:
    named = {row.part.id for row in TABLE.rows if row.declared and row.declared.unreachable}
    assert {"test_jit_hooks", "test_cpp_extensions", "install_torchtext", "print_sccache_stats"} <= named
    assert sum("if-" in id and "shard/" in id for id in named) == 4


def test_the_twin_is_called_whenever_its_branch_is_taken() -> None:
    world = load_world(PROJECT.world)
    cases = list(sample())
    wrong: list[str] = []
    taken: set[trace.Key] = set()
    with Recorder(PROJECT.script, world, courses=True) as recorder:
        for case in cases:
            run = READER.run(recorder.observe(case))
            called = functions_called(case)
            taken |= run.taken
            wrong += [
                f"{case.id}: {file} {id} was taken, {TWINS[file, id]} not called"
                for file, id in run.taken
                if TWINS[file, id] not in called
            ]
    assert wrong == []
    assert len(taken) > 150, "the sample shows too little"


def test_both_sides_agree_on_the_witnesses() -> None:
    world = load_world(PROJECT.world)
    with Recorder(PROJECT.script, world) as recorder:
        for case in load_cases(str(WITNESSES)):
            assert recorder.observe(case).plan == observe(ci_port.pytorch.main, world, case).plan, case.id


@pytest.mark.timeout(1200)
def test_every_branch_is_taken_but_those_that_are_named_unreachable(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--long"):
        pytest.skip("records 1,758 runs; tools/test --long does")
    reasons = {(row.part.file, row.part.id) for row in TABLE.rows if row.declared and row.declared.unreachable}
    cases = [case for name in KINDS for case in load_cases(str(RECORDED / f"{name}.jsonl.gz"))]
    with Recorder(PROJECT.script, load_world(PROJECT.world), courses=True) as recorder:
        runs = [READER.run(recorder.observe(case)) for case in [*cases, *load_cases(str(WITNESSES))]]
    coverage = READER.coverage("all", runs)
    never = {key for key, branch in coverage.branches.items() if not branch.taken}
    assert never == {key for key in reasons if key in coverage.branches}
    assert {key for key, branch in coverage.branches.items() if branch.unseen} == set()


def functions_called(case: Case) -> set[str]:
    """Return the functions of the port that its plan for the case goes through."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.parent == PACKAGE:
            module = "" if file.stem == "__init__" else file.stem
            called.add(f"{module}:{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        observe(ci_port.pytorch.main, load_world(PROJECT.world), case)
    finally:
        sys.setprofile(before)
    return called
