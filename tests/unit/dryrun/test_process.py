"""The worker's process ends with its recorder, and nothing of a run outlives it."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_port import dryrun, model
from tests.unit.dryrun import scene as scenes

BUSY = "(while :; do :; done) &\ntail -f lines.txt &\nwhile :; do :; done\n"


def test_closing_removes_everything_and_twice_is_no_error(tmp_path: Path, scratch_base: Path) -> None:
    opened = scenes.open_recorder(tmp_path)
    assert len(list(scratch_base.iterdir())) == 1
    opened.close()
    assert not list(scratch_base.iterdir())
    opened.close()
    with pytest.raises(model.RunFailed, match="is closed"):
        opened.observe(model.Case("case", ()))


def test_a_recorder_that_is_forgotten_is_closed(tmp_path: Path, scratch_base: Path) -> None:
    opened = scenes.open_recorder(tmp_path)
    process = opened._worker.process
    del opened
    gc.collect()
    assert process.poll() is not None
    assert not list(scratch_base.iterdir())


def processes_below(directory: Path) -> list[int]:
    """Return the processes that work in a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd").startswith(str(directory)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether something becomes true: other processes need their time, however busy the machine is."""
    for _ in range(3000):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_killed_worker_is_an_error_and_leaves_nothing(tmp_path: Path, scratch_base: Path) -> None:
    with scenes.open_recorder(tmp_path, dryrun.Limits(seconds=600)) as opened:
        worker = opened._worker.process.pid

        def kill() -> None:
            assert eventually(lambda: len(processes_below(scratch_base)) > 3)
            os.kill(worker, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(model.RunFailed, match="ended with status -9"):
            scenes.Scene(opened).run(BUSY)
        thread.join()
        assert eventually(lambda: not processes_below(scratch_base))
        assert not list(scratch_base.iterdir())
        with pytest.raises(model.RunFailed, match="is closed"):
            scenes.Scene(opened).run("run")


def test_closing_ends_a_run_under_way(tmp_path: Path, scratch_base: Path) -> None:
    opened = scenes.open_recorder(tmp_path, dryrun.Limits(seconds=600))
    failed: list[BaseException] = []

    def observe() -> None:
        try:
            scenes.Scene(opened).run(BUSY)
        except (model.RunFailed, ValueError, OSError) as error:
            failed.append(error)

    thread = threading.Thread(target=observe)
    thread.start()
    assert eventually(lambda: len(processes_below(scratch_base)) > 3)
    os.kill(opened._worker.process.pid, signal.SIGTERM)
    thread.join()
    opened.close()
    assert failed
    assert eventually(lambda: not processes_below(scratch_base))
    assert not list(scratch_base.iterdir())


def test_the_end_of_our_own_process_ends_the_run(scratch_base: Path) -> None:
    code = f"""
import pathlib, sys, tempfile
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from ci_port.dryrun import scratch
from tests.unit.dryrun import scene as scenes
scratch._base = lambda: {str(scratch_base)!r}
with scenes.open_recorder(pathlib.Path(tempfile.mkdtemp(dir={str(scratch_base.parent)!r}))) as opened:
    scenes.Scene(opened).run({BUSY!r})
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: len(processes_below(scratch_base)) > 3)
    finally:
        process.kill()
        process.wait()
    assert eventually(lambda: not processes_below(scratch_base))
