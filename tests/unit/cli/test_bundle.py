"""`ci-port bundle`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_port.cli import bundle as command
from ci_port.cli import main
from ci_port.runner import bundle as maker


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundle whatever the lock says: that is for the tests of the lock."""
    monkeypatch.setattr(command, "check_lock", lambda port: None)


@pytest.mark.usefixtures("unlocked")
def test_one_executable_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "ci" / "test_python_ci.py"
    assert main(["bundle", "-o", str(target)]) == 0
    assert f"wrote {target}" in capsys.readouterr().out
    assert os.access(target, os.X_OK)
    assert target.read_bytes().startswith(b"#!/bin/sh\n")


def test_a_port_without_a_lock_of_its_own_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maker, "read_lock", lambda text, source: type("Lock", (), {"port": "another"}))
    assert main(["bundle", "-o", str(tmp_path / "x")]) == 2
    assert "`ci-port lock` renews it" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("unlocked")
def test_a_place_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "-o", "/proc/x/y"]) == 2
    assert "cannot be made" in capsys.readouterr().err
