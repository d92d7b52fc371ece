"""Building and finding the library, and what is said where that cannot be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_port.dryrun import build


def one_sentence(error: BaseException) -> str:
    """Return the message, after checking that it is one clear sentence with a remedy."""
    message = str(error)
    assert "\n" not in message
    assert message.endswith((".", "-ldl"))
    assert ": " in message
    return message


def test_the_name_belongs_to_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.library_name()
    changed = tmp_path / "recorder.c"
    changed.write_bytes(build.SOURCE.read_bytes() + b"/* changed */\n")
    monkeypatch.setattr(build, "SOURCE", changed)
    assert build.library_name() != before
    assert re.fullmatch(rf"_recorder-{os.uname().machine}-[0-9a-f]{{16}}\.so", build.library_name())


def test_a_changed_source_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "recorder.c"
    source.write_text("int one;\n", encoding="utf-8")
    monkeypatch.setattr(build, "SOURCE", source)
    first = build.locate()
    assert build.locate() == first
    source.write_text("int two;\n", encoding="utf-8")
    second = build.locate()
    assert second != first
    assert {first, second} == set(tmp_path.glob("_recorder-*.so"))


def test_a_source_that_cannot_be_written_beside_builds_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "package" / "recorder.c"
    source.parent.mkdir()
    source.write_text("int one;\n", encoding="utf-8")
    monkeypatch.setattr(build, "SOURCE", source)
    monkeypatch.setattr(build, "_writable", lambda directory: False)
    found = build.locate()
    assert found.parent == tmp_path / "cache" / "ci_port"
    assert build.locate() == found


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.CannotRunHere) as caught:
        build.build(tmp_path / "out")
    message = one_sentence(caught.value)
    assert "C compiler" in message
    assert "apt-get install gcc" in message


def test_a_source_that_does_not_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "recorder.c"
    source.write_text("no C at all\n", encoding="utf-8")
    monkeypatch.setattr(build, "SOURCE", source)
    with pytest.raises(build.CannotRunHere) as caught:
        build.build(tmp_path / "out")
    command = one_sentence(caught.value).partition("with: ")[2]
    # The command that the message names shows the whole problem.
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert str(source) in done.stderr
    assert not list((tmp_path / "out").iterdir())


def test_not_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(build.CannotRunHere) as caught:
        build.locate()
    assert "Linux only and this is darwin" in one_sentence(caught.value)


def test_many_at_once_build_one_library(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(build.build, [tmp_path / "out"] * 4))
    assert found == {tmp_path / "out" / build.library_name()}
    assert list((tmp_path / "out").iterdir()) == list(found)


def test_the_library_compiles_without_a_warning(tmp_path: Path) -> None:
    assert {"-Wall", "-Wextra", "-Werror"} <= set(build.FLAGS)
    assert build.build(tmp_path).stat().st_size > 0
