"""One layout for Python and for C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ci_port.dryrun import layout
from ci_port.dryrun.configuration import Configuration


def compiles(folder: Path, text: str, program: str = "") -> subprocess.CompletedProcess[str]:
    """Compile a layout.h with a program that uses it."""
    (folder / "layout.h").write_text(text, encoding="ascii")
    (folder / "main.c").write_text(f'#include "layout.h"\n{program}\n', encoding="ascii")
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None, "the tests need a C compiler"
    command = [compiler, "-Wall", "-Wextra", "-Werror", "-c", "-o", "main.o", "main.c"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_header_compiles(tmp_path: Path) -> None:
    assert compiles(tmp_path, layout.header(), "enum kind one = EXECUTE;").stderr == ""


def test_a_gap_does_not_compile(tmp_path: Path) -> None:
    # Python packs without gaps: where the compiler would leave one, the two would read different bytes.
    moved = (
        layout.header()
        .replace("    uint32_t version;\n", "")
        .replace("uint64_t size;", "uint32_t version; uint64_t size;")
    )
    done = compiles(tmp_path, moved)
    assert done.returncode != 0
    assert "no gaps" in done.stderr


HEADS = (
    layout.ControlHead,
    layout.RecordHead,
    layout.CoverEntry,
    layout.ProcessEntry,
    layout.TouchedPath,
    layout.WrittenFile,
    layout.PolledCommand,
)


@pytest.mark.parametrize("head", [*HEADS, layout.RuleHead])
def test_places_and_packer_agree(head: type[tuple[object, ...]]) -> None:
    offset, form = list(layout.places(head).values())[-1]
    assert layout.packer(head).size == offset + form.size


@pytest.mark.parametrize("head", HEADS)
def test_what_follows_a_head_is_aligned(head: type[tuple[object, ...]]) -> None:
    # Tables of them, and records behind records, hold numbers of eight bytes.
    assert layout.packer(head).size % 8 == 0


def test_a_field_is_where_it_is_packed() -> None:
    head = layout.RecordHead(size=1, kind=2, state=3, depth=4, seq=5, line=6, status=-7, flags=8, value=-9)
    data = layout.packer(layout.RecordHead).pack(*head)
    found = {
        name: form.unpack_from(data, offset)[0] for name, (offset, form) in layout.places(layout.RecordHead).items()
    }
    assert found == head._asdict()


def test_every_kind_has_its_texts() -> None:
    assert set(layout.TEXTS) == set(layout.Kind)


def test_every_setting_is_a_field_of_the_configuration() -> None:
    assert set(layout.SETTINGS) <= set(Configuration.__dataclass_fields__)
