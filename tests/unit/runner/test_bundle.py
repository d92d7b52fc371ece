"""The bundle's content."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ci_port.model.errors import UsageError
from ci_port.runner import bundle as module
from ci_port.runner.bundle import bundle, check_lock, lock_file
from ci_port.runner.lock import read_lock

LOCK = b'{"version":1,"script":"","port":"","files":{}}'


def test_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from ci_port.runner.bundle import bundle\n"
        "print(hashlib.sha256(bundle(b'{}')).hexdigest())"
    )
    root = str(Path(__file__).resolve().parents[3])
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, root],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "UMASK": "0"},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(digests) == 1


def test_what_is_in_it_and_what_is_not(tmp_path: Path) -> None:
    target = tmp_path / "bundle.py"
    target.write_bytes(bundle(LOCK))
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert archive.read("ci_port/data/pytorch/lock.json") == LOCK
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    rooms = {name.split("/")[1] for name in names if name.startswith("ci_port/") and name.count("/") > 1}
    assert rooms == {"bash", "data", "host", "model", "pytorch", "rollout", "runner"}
    assert "__main__.py" in names
    assert "ci_port/rollout/phases.py" in names
    assert not any("evidence" in name for name in names)
    assert "ci_port/runner/bundle.py" not in names


def test_the_lock_is_where_the_runner_looks() -> None:
    assert lock_file().name == "lock.json"
    assert lock_file().parent.is_dir()


def test_a_lock_is_of_one_port() -> None:
    port = read_lock(lock_file().read_text(), "lock.json").port
    check_lock(lambda: port)
    with pytest.raises(UsageError, match="`ci-port lock` renews it"):
        check_lock(lambda: "another")


def test_without_a_lock_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> str:
        raise AssertionError("there is nothing to compare with")

    monkeypatch.setattr(module, "lock_file", lambda: tmp_path / "lock.json")
    with pytest.raises(UsageError, match="`ci-port lock` makes it"):
        check_lock(never)
