"""Starting a process as bash starts a command, and the pipes around it."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, NoReturn

from ci_port.host.live.programs import Refused, not_executed
from ci_port.host.live.signals import Inherited

_STDOUT = 1
_STDERR = 2
_BLOCK = 65536
_OWN = 10


class Redirections(NamedTuple):
    """What the child's descriptors become, in the order in which bash opens them.

    `fds` maps a number to a descriptor of this process, `paths` a number to a path (`>>` before it when appending).
    `merged`: standard error goes where standard output goes, `2>&1`.
    """

    fds: Mapping[int, int]
    paths: Sequence[tuple[int, str]]
    merged: bool = False


def start(
    file: str | Refused,
    argv: list[str],
    env: Mapping[str, str],
    cwd: str | int,
    redirections: Redirections,
    inherited: Inherited,
    prefix: str,
) -> int:
    """Start a process in a directory (its path, or a descriptor); return its id. Raises OSError only if there is none.

    What bash refuses to run has its redirections all the same, and is said there. A file that the kernel refuses
    without naming a format is run by bash itself, as bash does. What goes wrong in the child is said on its standard
    error, after `prefix`, and is its exit status.
    """
    pid = os.fork()
    if not pid:
        _become(
            lambda: file if isinstance(file, Refused) else _execute(file, argv, env),
            cwd,
            redirections,
            inherited,
            prefix,
        )
    return pid


def _become(
    execute: Callable[[], Refused], cwd: str | int, redirections: Redirections, inherited: Inherited, prefix: str
) -> NoReturn:
    """In the child: never returns, whatever happens. What ends a shell is blocked here until the end."""
    status = 1
    try:
        for number in (signal.SIGQUIT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN if number in inherited.ignored else signal.SIG_DFL)
        refused = _redirected(cwd, redirections)
        if not refused:
            signal.pthread_sigmask(signal.SIG_SETMASK, inherited.blocked - {signal.SIGCHLD})
            refused = execute()
        status = refused.status
        os.write(_STDERR, os.fsencode(f"{prefix}{refused.message}\n"))
    finally:
        os._exit(status)


def _redirected(cwd: str | int, redirections: Redirections) -> Refused | None:
    """Set up directory and descriptors; return what bash makes of it where that fails."""
    what = str(cwd)
    try:
        os.chdir(cwd)
        for number, fd in redirections.fds.items():
            os.dup2(fd, number)
        for number, path in redirections.paths:
            what = path.removeprefix(">>")
            fd = _opened(number, path)
            # A descriptor that was closed may be the very one that is opened: it only has to stay open.
            os.set_inheritable(fd, True) if fd == number else os.dup2(fd, number)
        if redirections.merged:
            os.dup2(_STDOUT, _STDERR)
    except OSError as error:
        return Refused(1, f"{what}: {error.strerror}")
    return None


def _opened(number: int, path: str) -> int:
    if number == 0:
        return os.open(path, os.O_RDONLY)
    how = os.O_APPEND if path.startswith(">>") else os.O_TRUNC
    return os.open(path.removeprefix(">>"), os.O_WRONLY | os.O_CREAT | how, 0o666)


def _execute(file: str, argv: list[str], env: Mapping[str, str]) -> Refused:
    """Replace the process; return what bash makes of it where that fails."""
    try:
        try:
            os.execve(file, argv, env)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
        os.execvpe("bash", ["bash", file, *argv[1:]], dict(env))
    except OSError as error:
        return not_executed(file, error)


def out_of_the_way(fd: int) -> int:
    """Move a descriptor of our own above those of commands, as bash does: any of 0, 1 and 2 may have been closed."""
    import fcntl

    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OWN)
    finally:
        os.close(fd)


def pipe() -> tuple[int, int]:
    """Return both ends of a pipe, out of the way."""
    reader, writer = os.pipe()
    return out_of_the_way(reader), out_of_the_way(writer)


def pipe_with(text: str) -> int:
    """Return the reading end of a pipe that holds the text and has no writer any more.

    Raises OSError where the text is larger than a pipe can be.
    """
    data = os.fsencode(text)
    reader, writer = pipe()
    try:
        _fill(writer, data)
    except OSError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    return reader


def _fill(writer: int, data: bytes) -> None:
    import fcntl

    if len(data) > _BLOCK:
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, len(data))
    os.set_blocking(writer, False)
    if data and os.write(writer, data) < len(data):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def read_all(fd: int) -> bytes:
    """Return everything up to the end."""
    parts = []
    while part := os.read(fd, _BLOCK):
        parts.append(part)
    return b"".join(parts)
