"""Makes the bundle: runner, port, lock and data in one executable file."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import ci_port
from ci_port.model.errors import UsageError
from ci_port.model.libraries import NAMES
from ci_port.runner import archive
from ci_port.runner.lock import read_lock
from ci_port.runner.main import NOT_STARTED
from ci_port.runner.project import load_project
from ci_port.runner.signals import IGNORED

PACKAGE = Path(ci_port.__file__).resolve().parent
ROOMS = ("bash", "host", "model", "pytorch", "rollout", "runner")
ONLY = {"rollout": ("__init__.py", "phases.py")}
"""What a run needs of rooms that are not needed whole."""

LEFT_OUT = {"runner": ("bundle.py",)}
"""What makes bundles, and is no part of one."""

BEGINNING = """\
#!/bin/sh
# What follows these lines is a zip archive for Python, which gets nothing of the job's: no PYTHON variables, no
# site-packages. It ignores two signals for itself, so it is told whether they were ignored before.
ignored=
while read -r name value; do
  if [ "$name" = SigIgn: ]; then ignored=$value; fi
done 2>/dev/null </proc/self/status
if command -v python3 >/dev/null; then
  exec python3 -I -S -X {option}="$ignored" "$0" "$@"
fi
case " $* " in
  *" --no-fallback "* | *" --dry-run "*)
    echo 'ci-port: there is no python3; nothing has been run' >&2
    exit {not_started} ;;
esac
echo 'ci-port: there is no python3; bash runs {script} instead' >&2
echo '::warning title=ci-port::there is no python3; bash runs {script} instead'
exec bash {script}
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def lock_file() -> Path:
    """Return where the runner finds its lock in the package."""
    return PACKAGE / "data" / load_project().lock


def check_lock(port: Callable[[], str]) -> None:
    """Raise UsageError unless the lock is about the port with this fingerprint, which is taken once there is a lock."""
    path = lock_file()
    if not path.is_file():
        raise UsageError(f"there is no lock {path}; `ci-port lock` makes it")
    if read_lock(path.read_text(encoding="utf-8"), str(path)).port != port():
        raise UsageError("the port has changed since the lock was made; `ci-port lock` renews it")


def bundle(lock: bytes) -> bytes:
    """Return the file's content: a few lines of shell and a zip archive, its members in the order of their names."""
    import zipfile

    buffer = io.BytesIO()
    beginning = BEGINNING.format(option=IGNORED, not_started=NOT_STARTED, script=load_project().script)
    buffer.write(beginning.encode())
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
    yield from _texts().items()
    yield archive.CODE, _compiled_apart()
    project = load_project()
    yield f"ci_port/data/{project.lock}", lock
    libraries = (f"rules/{name}.json" for name in NAMES)
    for name in ("runner.json", project.world, project.rollout, *libraries):
        yield f"ci_port/data/{name}", (PACKAGE / "data" / name).read_bytes()


def compiled() -> bytes:
    """Return the compiled code of all modules, for this Python."""
    return archive.pack({_module(name): _compiled(name, source) for name, source in _texts().items()})


def _compiled_apart() -> bytes:
    """Compile in a process of its own, with one seed: before 3.11, compiled sets are in the order of their hashes."""
    code = "import sys; from ci_port.runner.bundle import compiled; sys.stdout.buffer.write(compiled())"
    env = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run([sys.executable, "-S", "-c", code], env=env, stdout=subprocess.PIPE, check=True).stdout


def _texts() -> dict[str, bytes]:
    return {path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes() for path in _sources()}


def _sources() -> Iterator[Path]:
    yield PACKAGE / "__init__.py"
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if path.name in ONLY.get(room, (path.name,)) and path.name not in LEFT_OUT.get(room, ()):
                yield path


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _compiled(name: str, source: bytes) -> tuple[bool, CodeType]:
    return name.endswith("/__init__.py"), compile(source, name, "exec", dont_inherit=True, optimize=0)
