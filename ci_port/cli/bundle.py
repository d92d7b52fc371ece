"""`ci-port bundle`: runner, port, lock and data in one executable file."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import ci_port
from ci_port.cli.project import load_project
from ci_port.cli.status import UsageError
from ci_port.cli.subjects import subjects_of
from ci_port.runner import archive
from ci_port.runner.lock import read_lock
from ci_port.runner.project import load_project as load_runner_project

ABOUT = """\
Write one executable file with all that CI needs to run the port: `python3 FILE --fallback-on-error` works where nothing
is installed but Python 3.10 or later. The same sources and the same Python version give the same bytes.
"""
EXAMPLES = """\
The compiled code in it is for the Python that makes it; any other one compiles the sources in it at each start.

examples:
  {prog} -o .ci/pytorch/test_python_ci.py
"""
PACKAGE = Path(ci_port.__file__).resolve().parent
ROOMS = ("bash", "host", "model", "pytorch", "rollout", "runner")
ONLY = {"rollout": ("__init__.py", "phases.py")}
"""What a run needs of rooms that are not needed whole."""

INTERPRETER = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def add(command: argparse.ArgumentParser) -> None:
    """Add the options of the subcommand."""
    command.set_defaults(run=run)
    command.add_argument("--output", "-o", required=True, metavar="FILE", help="the file to write")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `ci-port bundle` and return the exit status."""
    check_lock()
    target = Path(arguments.output)
    content = bundle((PACKAGE / "data" / load_runner_project().lock).read_bytes())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755)
    except OSError as error:
        raise UsageError(f"the bundle {target} cannot be written: {error.strerror or error}") from None
    print(f"wrote {target}: {len(content):,} bytes")
    return 0


def check_lock() -> None:
    """Raise UsageError unless the lock is about the port that goes into the bundle."""
    path = PACKAGE / "data" / load_runner_project().lock
    if not path.is_file():
        raise UsageError(f"there is no lock {path}; `ci-port lock` makes it")
    lock = read_lock(path.read_text(encoding="utf-8"), str(path))
    if lock.port != subjects_of(load_project(None)).port.fingerprint:
        raise UsageError("the port has changed since the lock was made; `ci-port lock` renews it")


def bundle(lock: bytes) -> bytes:
    """Return the file's content: an interpreter line and a zip archive, its members in the order of their names."""
    import zipfile

    buffer = io.BytesIO()
    buffer.write(INTERPRETER)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in sorted(_members(lock)):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            # What is read at every start is not packed: reading is faster, and `__main__` must be read without zlib.
            member.compress_type = zipfile.ZIP_STORED if "/" not in name else zipfile.ZIP_DEFLATED
            file.writestr(member, content, compresslevel=9)
    return buffer.getvalue()


def _members(lock: bytes) -> Iterator[tuple[str, bytes]]:
    yield "__main__.py", (PACKAGE / "runner" / "__main__.py").read_bytes()
    yield "ci_port_archive.py", (PACKAGE / "runner" / "archive.py").read_bytes()
    sources = {path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes() for path in _sources()}
    yield from sources.items()
    yield archive.CODE, archive.pack({_module(name): _compiled(name, source) for name, source in sources.items()})
    project = load_runner_project()
    yield f"ci_port/data/{project.lock}", lock
    for name in ("runner.json", project.world, project.rollout):
        yield f"ci_port/data/{name}", (PACKAGE / "data" / name).read_bytes()


def _sources() -> Iterator[Path]:
    yield PACKAGE / "__init__.py"
    for room in ROOMS:
        files = sorted((PACKAGE / room).rglob("*.py"))
        yield from (path for path in files if path.name in ONLY.get(room, (path.name,)))


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compiled(name: str, source: bytes) -> tuple[bool, CodeType]:
    return name.endswith("/__init__.py"), compile(source, name, "exec", dont_inherit=True, optimize=0)
