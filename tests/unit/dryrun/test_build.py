"""Building and finding the library, and what is said where that cannot be."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_port.dryrun import build, layout
from tests.own_copy import own_copy


def one_sentence(error: BaseException) -> str:
    """Return the message, after checking that it is one clear sentence with a remedy."""
    message = str(error)
    assert "\n" not in message
    assert message.endswith((".", "-m ci_port.dryrun"))
    assert ": " in message
    return message


def one_file(folder: Path, text: str) -> Path:
    """Return a folder that holds one source file."""
    folder.mkdir(parents=True)
    (folder / "one.c").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["log.c", "recorder.h", "new.c"])
def test_the_name_belongs_to_the_source(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.library_name()
    changed = own_copy(build.NATIVE, tmp_path / "native")
    monkeypatch.setattr(build, "NATIVE", changed)
    assert build.library_name() == before
    with open(changed / name, "a", encoding="utf-8") as file:
        file.write("/* changed */\n")
    assert build.library_name() != before
    assert re.fullmatch(rf"_recorder-{os.uname().machine}-[0-9a-f]{{16}}\.so", build.library_name())


def test_the_name_belongs_to_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.library_name()
    text = layout.header()
    monkeypatch.setattr(layout, "header", lambda: text + "/* changed */\n")
    assert build.library_name() != before


def test_a_changed_source_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = one_file(tmp_path / "native", "int one;\n")
    monkeypatch.setattr(build, "NATIVE", native)
    first = build.locate()
    assert build.locate() == first
    (native / "two.c").write_text("int two;\n", encoding="utf-8")
    second = build.locate()
    assert second != first
    assert {first, second} == set(tmp_path.glob("_recorder-*.so"))


def own_directory(temporary: Path) -> Path:
    return temporary / f"ci_port-{os.getuid()}"


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """The directories into which nothing is built, whoever asks; root writes everywhere else."""
    directories = {tmp_path / "package"}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(build, "NATIVE", one_file(tmp_path / "package" / "native", "int one;\n"))
    plain = build.build

    def checked(directory: Path) -> Path:
        if directory in directories:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(directory))
        return plain(directory)

    monkeypatch.setattr(build, "build", checked)
    return directories


def test_a_source_that_cannot_be_written_beside_builds_into_the_cache(closed: set[Path], tmp_path: Path) -> None:
    found = build.locate()
    assert found.parent == tmp_path / "cache" / "ci_port"
    assert build.locate() == found
    assert not own_directory(tmp_path).exists()


@pytest.mark.parametrize("cache", ["/proc/none", "/" + "x" * 300, "~", "below/the/current/directory"])
def test_without_a_cache_it_is_built_among_temporary_files(
    cache: str, closed: set[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    monkeypatch.chdir(tmp_path)
    found = build.locate()
    assert found.parent == own_directory(tmp_path)
    assert found.parent.stat().st_mode & 0o777 == 0o700
    written = found.stat().st_mtime_ns
    assert build.locate() == found
    assert found.stat().st_mtime_ns == written
    assert {path.name for path in tmp_path.iterdir()} == {"package", own_directory(tmp_path).name}


@pytest.mark.parametrize("made", ['mkdir -m 777 "$1"', 'mkdir -m 700 theirs && ln -s theirs "$1"', 'echo x >"$1"'])
def test_what_others_could_have_put_there_is_not_loaded(made: str, closed: set[Path], tmp_path: Path) -> None:
    closed.add(tmp_path / "cache" / "ci_port")
    directory = own_directory(tmp_path)
    subprocess.run(["sh", "-c", made, "sh", directory.name], cwd=tmp_path, check=True)
    with pytest.raises(build.CannotRunHere) as caught:
        build.locate()
    assert str(directory) in one_sentence(caught.value)
    assert not list(tmp_path.glob("*/_recorder-*"))


def test_where_nothing_can_be_kept_it_says_so(closed: set[Path], tmp_path: Path) -> None:
    closed |= {tmp_path / "cache" / "ci_port", own_directory(tmp_path)}
    with pytest.raises(build.CannotRunHere, match="XDG_CACHE_HOME or TMPDIR") as caught:
        build.locate()
    one_sentence(caught.value)


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.CannotRunHere) as caught:
        build.build(tmp_path / "out")
    message = one_sentence(caught.value)
    assert "C compiler" in message
    assert "apt-get install gcc" in message


def test_a_source_that_does_not_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = one_file(tmp_path / "native", "no C at all\n")
    monkeypatch.setattr(build, "NATIVE", native)
    with pytest.raises(build.CannotRunHere) as caught:
        build.build(tmp_path / "out")
    one_sentence(caught.value)
    assert not list((tmp_path / "out").iterdir())


def test_the_command_that_the_message_names_shows_the_whole_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho first >&2\necho last >&2\nexit 7\n", encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.CannotRunHere, match=r"\(last\)") as caught:
        build.build(tmp_path / "out")
    command = one_sentence(caught.value).partition("with: ")[2]
    root = build.NATIVE.parents[2]
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stderr) == (7, "first\nlast\n")
    compiler.unlink()
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 1
    assert "C compiler" in done.stderr


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


def test_the_library_shows_nothing_but_functions_of_the_c_library(tmp_path: Path) -> None:
    # Bash would take whatever else it shows for its own, or the library bash's.
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", str(build.build(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    names = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"execve", "open", "fork", "free"} <= names
    libc = ctypes.CDLL(None)
    assert [name for name in sorted(names) if not hasattr(libc, name)] == []


def test_no_source_file_is_long_and_each_says_what_it_answers_to() -> None:
    for source in sorted(build.NATIVE.glob("*.[ch]")):
        text = source.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, source
        comment = text.partition("*/")[0]
        assert comment.startswith("/* "), source
        assert source.suffix == ".h" or re.search(r"[Aa]nswers to", comment), source
