"""A port in a dry run: all that it does goes through its session; whatever else it tries is refused, with its place.

Python tells of what would act on the machine before it happens (`sys.addaudithook`, the table of audit events in the
library's manual). That is a guard against accidents: a port that means harm has ways around it.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from _thread import _local
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TextIO

from ci_port.model import Place, RunFailed
from ci_port.model.errors import Terminated

_ACTS = re.compile(
    r"os\.(?:chdir|chflags|chmod|chown|exec|fork|forkpty|kill|killpg|lchown|link|lockf|mkdir|posix_spawn|putenv|remove"
    r"|removexattr|rename|rmdir|setxattr|spawn|symlink|system|truncate|unsetenv|utime)"
    r"|subprocess\.Popen|pty\.spawn|_thread\.start_\w+|ctypes\.dlopen|fcntl\.(?:fcntl|ioctl)|signal\.pthread_kill"
    r"|builtins\.input|(?:shutil|tempfile|urllib|http|ftplib|smtplib|sqlite3|mmap)\.\w+|socket\.(?!gethostname$)\w+"
)
_STARTS = ("start_new_thread", "start_joinable_thread", "_start_new_thread", "_start_joinable_thread")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LIBRARY = f"{os.path.dirname(os.__file__)}/"
_OURS = f"{os.path.dirname(__file__)}/"
_END = "a script ends with sh.exit"


class _Here(_local):
    """Whether this thread is in a port that is planned, and what it was refused first."""

    inside = False
    refused: RunFailed | None = None


_here = _Here()


def planned(program: Callable[[], int]) -> int:
    """Run a port's program dry and return its status.

    Raises RunFailed for what it does past its session: a process, a file that is written, a connection, an end of the
    whole process; also where the port caught that itself.
    """
    with _within():
        try:
            status = program()
        except (Exception, KeyboardInterrupt, Terminated):
            raise
        except BaseException as end:  # noqa: BLE001  # whatever it is, there is no plan
            raise RunFailed(f"the port ends the whole process ({_called(end)}); {_END}", _raised_at(end)) from None
        if _here.refused is not None:
            raise _here.refused
    return status


@contextmanager
def imported() -> Iterator[None]:
    """While a port is imported it may do no more than while it is planned."""
    with _within():
        yield


@contextmanager
def released() -> Iterator[None]:
    """What the session itself does for a port, on the way to an answer."""
    before, _here.inside = _here.inside, False
    try:
        yield
    finally:
        _here.inside = before


@contextmanager
def _within() -> Iterator[None]:
    _install()
    before, _here.inside, _here.refused = _here.inside, True, None
    if sys.stdout is not None and not isinstance(sys.stdout, _Silent):
        # Nothing but results is on standard output, and a dry run says nothing of its own.
        sys.stdout = _Silent(sys.stdout)
    try:
        yield
    finally:
        _here.inside = before


@functools.cache
def _install() -> None:
    """Begin to listen, once: a hook stays for as long as the process."""
    sys.addaudithook(_heard)
    # Of these Python tells nobody, or not in every version.
    end = os._exit

    def ends(status: int) -> NoReturn:
        if _here.inside:
            raise _refused(f"the port ends the whole process (os._exit({status})); {_END}")
        end(status)

    os._exit = ends
    for module in filter(None, (sys.modules["_thread"], sys.modules.get("threading"))):
        for name in _STARTS:
            if hasattr(module, name):
                setattr(module, name, _guarded(getattr(module, name)))


def _guarded(start: Callable[..., Any]) -> Callable[..., Any]:
    def starts(*arguments: Any, **options: Any) -> Any:
        if _here.inside:
            raise _refused("the port starts a thread; what a script does goes through sh")
        return start(*arguments, **options)

    return starts


class _Silent:
    """A stream that is silent for whoever is in a port."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or do nothing."""
        return len(text) if _here.inside else self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _here.inside:
        return
    if event == "open":
        # A number is a file that is open already.
        acts = not isinstance(arguments[0], int) and isinstance(arguments[2], int) and bool(arguments[2] & _WRITES)
    else:
        acts = bool(_ACTS.fullmatch(event))
    if not acts or (arguments and "__pycache__" in str(arguments[0])):
        return
    words = ", ".join(repr(argument) for argument in arguments[:2] if argument is not None)
    raise _refused(f"the port acts on the machine itself ({event}: {words[:100]}); what a script does goes through sh")


def _refused(problem: str) -> RunFailed:
    """Return what the port meets, and keep it, whatever the port makes of it."""
    frame = sys._getframe(1)
    while frame.f_back is not None and not _is_port(frame.f_code.co_filename):
        frame = frame.f_back
    found = RunFailed(problem, Place(frame.f_code.co_filename, frame.f_lineno, (frame.f_code.co_name,)))
    _here.refused = _here.refused or found
    return found


def _raised_at(error: BaseException) -> Place | None:
    import traceback  # here, because nobody else who starts a job needs it

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_port(frame.filename)]
    return Place(frames[-1].filename, frames[-1].lineno or 0, (frames[-1].name,)) if frames else None


def _is_port(file: str) -> bool:
    """Return whether code of this file is a port's: neither the library's nor what runs ports."""
    return not file.startswith((_LIBRARY, _OURS, "<"))


def _called(end: BaseException) -> str:
    code = getattr(end, "code", None)
    return f"{type(end).__name__}({'' if code is None else repr(code)})"
