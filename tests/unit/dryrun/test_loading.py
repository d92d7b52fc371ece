"""Code that a script has written, and files that the C library would read for it: nothing of either gets in.

Each script tries to have a library loaded that would leave a mark outside, and each is run on kernels that hold less.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_port.model import RunFailed
from tests.unit.dryrun import scene as scenes

SOURCE = """
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
__attribute__((constructor)) static void go(void) {
    static const char mark[] = "got in\\n";
    write(1, mark, sizeof mark - 1);
    close(open("%(out)s/made", O_CREAT | O_WRONLY, 0644));
    chmod("%(out)s/file", 0777);
}
int gconv(void) { return 4; }
int gconv_init(void) { return 0; }
int evil_struct;
int main(void) { return 0; }
"""
MODULES = (
    "printf '%s\\n' 'module INTERNAL ANSI_X3.4-1968// ./evil 1' 'module ANSI_X3.4-1968// INTERNAL ./evil 1' "
    "'module UTF-8// ANSI_X3.4-1968// ./evil 1' > gconv-modules\n"
)
EURO = "printf '\\u20ac\\n'\n"

ROWS: dict[str, tuple[str, dict[str, str | None]]] = {
    "a converter, exported": (MODULES + "export GCONV_PATH=. LC_ALL=C\n: | :\n" + EURO, {}),
    "a converter, exported, in a subshell": (MODULES + "export GCONV_PATH=$PWD LC_ALL=C\n(" + EURO + ")", {}),
    "a converter, after TZ": (MODULES + "export GCONV_PATH=$PWD LC_ALL=C TZ=UTC\n" + EURO, {}),
    "a converter, of the case": (MODULES + EURO, {"GCONV_PATH": ".", "LC_ALL": "C"}),
    "a converter, of the case, by its path": (MODULES + EURO, {"GCONV_PATH": scenes.WORLD_2.workspace, "LC_ALL": "C"}),
    "a converter for a tool": (MODULES + "GCONV_PATH=$PWD LC_ALL=C sort gconv-modules | use", {}),
    "a library for a tool": ("LD_PRELOAD=./evil.so sort evil.so | use", {}),
    "a library for all tools": ("export LD_PRELOAD=$PWD/evil.so; cat gone; grep x evil.so", {}),
    "an auditor of the loader": ("LD_AUDIT=$PWD/evil.so sed p evil.so | use", {}),
    "a folder of libraries": ("cp evil.so libc.so.6; LD_LIBRARY_PATH=. cut -c1 evil.so | use", {}),
    "tunables": ("GLIBC_TUNABLES=glibc.rtld.optional_static_tls=9 LD_PRELOAD=./evil.so wc evil.so", {}),
    "a builtin": ("enable -f ./evil.so evil", {}),
    "a builtin of a folder": ("cp evil.so evil; BASH_LOADABLES_PATH=$PWD; enable evil; enable -f evil evil", {}),
    "an extension of awk": ("AWKLIBPATH=. gawk -l evil 'BEGIN { }'", {}),
    "a program": ("chmod +x evil.so; ./evil.so", {}),
    "a program, in its place": ("chmod +x evil.so; exec ./evil.so", {}),
    "a program on PATH": ("chmod +x evil.so; mv evil.so evil; PATH=.:$PATH; evil; env evil", {}),
    "a program of a tool's name": ("chmod +x evil.so; mv evil.so sort; PATH=$PWD:$PATH; sort < /dev/null", {}),
    "a program that a tool starts": ("chmod +x evil.so; find . -name evil.so -exec {} ';'; echo | xargs ./evil.so", {}),
    "a program that sort starts": ("chmod +x evil.so; sort -S 1k --compress-program=./evil.so evil.so", {}),
    "a program as a script": (". ./evil.so", {}),
    "a program through the loader": ("/lib64/ld-linux-x86-64.so.2 ./evil.so", {}),
}
"""Scripts with what is in the case's environment; `evil.so` stands in the workspace."""


@dataclass(frozen=True)
class Machine:
    """A scene, the library as text that printf writes, and where it would leave its marks."""

    scene: scenes.Scene
    written: str
    outside: Path


@pytest.fixture(scope="module", params=["all lines", *scenes.KERNELS])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine for all rows."""
    folder = tmp_path_factory.mktemp("loading")
    outside = folder / "outside"
    outside.mkdir()
    (outside / "file").write_text("untouched\n")
    (outside / "file").chmod(0o644)
    (folder / "evil.c").write_text(SOURCE % {"out": outside})
    library = folder / "evil.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Os", "-s", "-o", str(library), str(folder / "evil.c")], check=True)
    text = "".join(f"\\x{byte:02x}" for byte in library.read_bytes())
    directory = tmp_path_factory.mktemp("scene")
    with (
        scenes.lesser_kernel(request.param),
        scenes.open_recorder(directory, world=scenes.WORLD_2, decides=scenes.no_status, looks=True) as recorder,
    ):
        yield Machine(scenes.Scene(recorder, scenes.SCRIPT_2), f"printf '{text}' > evil.so\n", outside)


def _state(outside: Path) -> list[tuple[str, int, bytes]]:
    return [(path.name, path.stat().st_mode, path.read_bytes()) for path in sorted(outside.iterdir())]


@pytest.mark.parametrize("name", ROWS)
def test_no_code_of_the_script_is_loaded(machine: Machine, name: str) -> None:
    script, env = ROWS[name]
    before = _state(machine.outside)
    printed = ""
    with contextlib.suppress(RunFailed):
        printed = machine.scene.run(machine.written + script, env=env).output
    assert _state(machine.outside) == before
    assert "got in" not in printed


def test_the_library_would_leave_its_marks(machine: Machine, tmp_path: Path) -> None:
    """Else this file shows nothing."""
    (tmp_path / "script").write_text(machine.written)
    subprocess.run(["bash", "script"], cwd=tmp_path, check=True)
    where = dict(os.environ, LD_PRELOAD=str(tmp_path / "evil.so"))
    done = subprocess.run(["true"], env=where, capture_output=True, text=True, check=True)
    assert done.stdout == "got in\n"
    assert (machine.outside / "made").exists()
    (machine.outside / "made").unlink()
    (machine.outside / "file").chmod(0o644)


READING: dict[str, tuple[str, str]] = {
    "a time zone": ("export TZ=/etc/hostname; printf '%(%H)T' 0", "TZ names a file, which is not the world's"),
    "a time zone for a tool": ("TZ=:/etc/hostname date", "TZ names a file, which is not the world's"),
    "a time zone above": ("export TZ=Etc/../../../../etc/hostname; printf '%(%H)T' 0", "TZ names a file"),
    "a time zone here": ("TZ=./zone date", "TZ names a file"),
    "time zones elsewhere": ("TZDIR=/etc TZ=hostname date", "TZDIR names a directory of time zones"),
    "messages": ("mkdir -p m; export TEXTDOMAIN=x TEXTDOMAINDIR=m; use", "messages are translated with what stands in"),
}


@pytest.mark.parametrize("name", READING)
def test_a_file_that_the_c_library_would_read_is_refused(machine: Machine, name: str) -> None:
    script, problem = READING[name]
    with pytest.raises(RunFailed, match=problem) as raised:
        machine.scene.run(script)
    assert raised.value.place is not None


@pytest.mark.parametrize(
    ("script", "step"),
    [
        ("export TZ=America/New_York; use $(printf '%(%Z)T' 0)", "use EST +TZ=America/New_York"),
        ("use $(TZ=Asia/Tokyo date +%Z)", "use JST"),
        ("use $(TZ=/usr/share/zoneinfo/Asia/Tokyo date +%Z)", "use JST"),
        (
            "export LOCPATH=$PWD LANGUAGE=../../x; LC_ALL=C.UTF-8; use $(printf '\\u20ac')",
            "use '€' +LANGUAGE=../../x +LOCPATH=/w",
        ),
        (
            'export TEXTDOMAINDIR=/usr/share/locale TEXTDOMAIN=x; use $"text"',
            "use text +TEXTDOMAIN=x +TEXTDOMAINDIR=/usr/share/locale",
        ),
    ],
)
def test_what_every_machine_has_is_read(machine: Machine, script: str, step: str) -> None:
    if not os.path.isdir("/usr/share/zoneinfo/Asia"):
        pytest.fail("this needs the time zones (Debian, Ubuntu: apt-get install tzdata)")
    assert scenes.steps(machine.scene.run(script)) == [step]
