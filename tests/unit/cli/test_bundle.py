"""`ci-port bundle`."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ci_port.cli import bundle as command
from ci_port.cli import main
from ci_port.cli.bundle import bundle

LOCK = b'{"version":1,"script":"","port":"","files":{}}'


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundle whatever the lock says: that is for the tests of the lock."""
    monkeypatch.setattr(command, "check_lock", lambda: None)


@pytest.mark.usefixtures("unlocked")
def test_one_executable_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "ci" / "test_python_ci.py"
    assert main(["bundle", "-o", str(target)]) == 0
    assert f"wrote {target}" in capsys.readouterr().out
    assert os.access(target, os.X_OK)
    assert target.read_bytes().startswith(b"#!/usr/bin/env python3\nPK")


def test_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "from ci_port.cli.bundle import bundle\n"
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


def test_a_port_without_a_lock_of_its_own_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "read_lock", lambda text, source: type("Lock", (), {"port": "another"}))
    assert main(["bundle", "-o", str(tmp_path / "x")]) == 2
    assert "`ci-port lock` renews it" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("unlocked")
def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "-o", "/proc/x/y"]) == 2
    assert "cannot be written" in capsys.readouterr().err
