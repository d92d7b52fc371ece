"""Starting a process as bash starts a command, in a group of its own, and reading the pipes around it."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

from ci_port.host.live.programs import Refused, not_executed

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_STDOUT = 1
_STDERR = 2
_BLOCK = 65536


class Redirections(NamedTuple):
    """What the child's descriptors become, in the order in which bash opens them.

    `fds` maps a number to a descriptor of this process, `paths` a number to a path (`>>` before it when appending).
    `merged`: standard error goes where standard output goes, `2>&1`.
    """

    fds: Mapping[int, int]
    paths: Sequence[tuple[int, str]]
    merged: bool = False


def start(
    file: str | Refused, argv: list[str], env: Mapping[str, str], cwd: str, redirections: Redirections, prefix: str
) -> int:
    """Start a process and return its id; raises OSError only if there is none.

    What bash refuses to run has its redirections all the same, and is said there. A file that the kernel refuses
    without naming a format is run by bash itself, as bash does. What goes wrong in the child is said on its standard
    error, after `prefix`, and is its exit status.
    """
    # A signal must not find this process between having a child and knowing about it.
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    try:
        pid = os.fork()
        if not pid:
            _become(lambda: file if isinstance(file, Refused) else _execute(file, argv, env), cwd, redirections, prefix)
        _group(pid)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    return pid


def _group(pid: int) -> None:
    """Put the child into its own group; if the terminal listens to us, it listens to the child's group from now on."""
    with suppress(OSError):  # it has done so itself, or is gone already
        os.setpgid(pid, pid)
    listen_to(pid, os.getpgrp())


def listen_to(group: int, instead_of: int) -> bool:
    """Make the terminal on standard input listen to `group`; return False if none there listens to the other one."""
    with suppress(OSError):
        if os.tcgetpgrp(0) == instead_of:
            old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
            try:
                os.tcsetpgrp(0, group)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, old)
            return True
    return False


def _become(execute: Callable[[], Refused], cwd: str, redirections: Redirections, prefix: str) -> NoReturn:
    """In the child: never returns, whatever happens."""
    status = 1
    try:
        group = os.getpgrp()
        os.setpgid(0, 0)
        listen_to(os.getpid(), group)
        for number in FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        # Python ignores these two for itself; commands get what the script's would.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
        refused = _redirected(cwd, redirections) or execute()
        status = refused.status
        os.write(_STDERR, os.fsencode(f"{prefix}{refused.message}\n"))
    finally:
        os._exit(status)


def _redirected(cwd: str, redirections: Redirections) -> Refused | None:
    """Set up directory and descriptors; return what bash makes of it where that fails."""
    what = cwd
    try:
        os.chdir(cwd)
        for number, fd in redirections.fds.items():
            os.dup2(fd, number)
        for number, path in redirections.paths:
            what = path.removeprefix(">>")
            os.dup2(_opened(number, path), number)
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


def pipe_with(text: str) -> int:
    """Return the reading end of a pipe that holds the text and has no writer any more.

    Raises OSError where the text is larger than a pipe can be.
    """
    data = os.fsencode(text)
    reader, writer = os.pipe()
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
