"""The course of a run is written down beside it: whatever else is recorded is the same without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_port.dryrun import Recorder
from ci_port.model import Case
from ci_port.model.world import load_world
from ci_port.project.cases import load_cases
from ci_port.project.file import load_project
from tests.parity.recorded_bash import case_of, world_of
from tests.parity.small_scripts import SCRIPT, read_rows

RECORDED = Path(__file__).parent / "recorded"
PROJECT = load_project(None)
EVERY = 40
SMALL = [row.script for row in read_rows(Path(__file__).parent / "scripts" / "small.jsonl")]


def sample() -> Iterator[Case]:
    """Yield a part of the recorded cases of each kind."""
    for kind in ("job", "mix", "world", "fail"):
        yield from load_cases(str(RECORDED / f"{kind}.jsonl.gz"))[::EVERY]


@pytest.mark.parametrize("world", [RECORDED / "world.json", PROJECT.world], ids=["version 1", "version 2"])
def test_recorded_cases_are_the_same(world: Path) -> None:
    with (
        Recorder(PROJECT.script, load_world(world)) as plain,
        Recorder(PROJECT.script, load_world(world), courses=True) as with_course,
    ):
        for case in sample():
            before, after = plain.observe(case), with_course.observe(case)
            assert after.plan.dumps() == before.plan.dumps(), case.id
            assert after.course is not None
            assert not after.course.cut
            for name in ("places", "unanswered", "lines", "messages"):
                assert getattr(after, name) == getattr(before, name), f"{case.id}: {name}"


@pytest.mark.parametrize("follow", [False, True])
def test_small_scripts_are_the_same(tmp_path: Path, follow: bool) -> None:
    (tmp_path / "script.sh").write_text(":\n")
    world = world_of(follow)
    with (
        Recorder(tmp_path / Path(SCRIPT).name, world) as plain,
        Recorder(tmp_path / Path(SCRIPT).name, world, courses=True) as with_course,
    ):
        for script in SMALL:
            before, after = plain.observe(case_of(script)), with_course.observe(case_of(script))
            assert after.plan.dumps() == before.plan.dumps(), script.id
            assert (after.places, after.unanswered) == (before.places, before.unanswered), script.id
            assert (after.messages, after.output) == (before.messages, before.output), script.id
