"""The programs of this machine that a run uses: bash, the pure tools, and the loaders that they name."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess

from ci_port.dryrun.build import CannotRunHere

OLDEST_BASH = (4, 4)
WHERE_TOOLS_ARE = "/usr/local/bin:/usr/bin:/bin"


def find_tool(name: str) -> str:
    """Return the program behind a pure tool; an empty text if it is absent, or could not be shown the world's files.

    A run that uses such a tool fails with its name; one that does not is no worse for it. `egrep` and `fgrep` are
    shell scripts in newer distributions: the library runs `grep -E` and `grep -F`, as they do.
    """
    found = shutil.which({"egrep": "grep", "fgrep": "grep"}.get(name, name), path=WHERE_TOOLS_ARE)
    path = os.path.realpath(found) if found else ""
    return path if loader_of(path) else ""


@functools.lru_cache(maxsize=256)
def loader_of(path: str) -> str:
    """Return the real path of the dynamic loader that a program names (ELF, PT_INTERP), or an empty text."""
    if not path:
        return ""
    with open(path, "rb") as file:
        head = file.read(4096)
    if head[:5] != b"\x7fELF\x02":
        return ""
    table = int.from_bytes(head[32:40], "little")
    size, count = (int.from_bytes(head[at : at + 2], "little") for at in (54, 56))
    for index in range(count):
        entry = head[table + index * size :][:size]
        if int.from_bytes(entry[:4], "little") == 3:
            start, length = (int.from_bytes(entry[at : at + 8], "little") for at in (8, 32))
            return os.path.realpath(os.fsdecode(head[start : start + length].rstrip(b"\0")))
    return ""


def syntax_problem(bash: str, text: str) -> tuple[int, str] | None:
    """Return the line in which bash does not understand a script, and what it says; None if it reads all of it."""
    command = [bash, "-n", "/dev/stdin"]
    done = subprocess.run(command, input=os.fsencode(text), capture_output=True, check=False, env={"LC_ALL": "C.UTF-8"})
    found = re.search(r"line (\d+): (.*)", os.fsdecode(done.stderr)) if done.returncode else None
    return (int(found[1]), found[2]) if found else None


@functools.lru_cache(maxsize=16)
def find_bash(path: str | None = None) -> str:
    """Return the real path of a bash that is new enough; raises CannotRunHere."""
    found = path or shutil.which("bash", path=os.environ.get("PATH", "") + ":" + WHERE_TOOLS_ARE)
    remedy = "install bash (Debian, Ubuntu: apt-get install bash) and put it first on PATH"
    if not found:
        raise CannotRunHere(f"The recorder runs the script under real bash and there is none on PATH: {remedy}.")
    try:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, env={}).stdout
    except OSError as error:
        raise CannotRunHere(f"The recorder cannot start {found} ({error.strerror}): {remedy}.") from None
    version = re.search(r"version (\d+)\.(\d+)", said)
    if version is None:
        raise CannotRunHere(f"{found} does not say that it is bash: {remedy}.")
    if (int(version[1]), int(version[2])) < OLDEST_BASH:
        raise CannotRunHere(
            f"{found} is bash {version[1]}.{version[2]} and the recorder needs {OLDEST_BASH[0]}.{OLDEST_BASH[1]} "
            f"or later: {remedy}."
        )
    return os.path.realpath(found)
