"""The command line as a whole: one command is called, and each ending has its exit status."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ci_port.bash.quoting import visible
from ci_port.cli import status
from ci_port.cli.commands import parser
from ci_port.cli.name import command_name
from ci_port.model import DataError, RunFailed
from ci_port.model.errors import CannotRun, Terminated, UsageError
from ci_port.runner.describe import DEBUG


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit status; errors are said on standard error."""
    words = sys.argv[1:] if argv is None else argv
    try:
        result = _carried_out(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        return result
    except (UsageError, DataError) as error:
        return _ended(str(error), status.USAGE)
    except CannotRun as error:
        return _ended(str(error), status.CANNOT_RUN_HERE)
    except RunFailed as error:
        return _ended(str(error), status.SIDE_FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", status.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read along has gone; what is still to be written at exit has nowhere to go either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status.BROKEN_PIPE
    except (OSError, MemoryError) as error:
        return _ended(f"this machine did not let it: {_of_the_machine(error)}", status.CANNOT_RUN_HERE)
    except Exception as error:  # noqa: BLE001  # the one place for what nobody foresaw
        return _ended(_fault(error), status.FAULT)


def _of_the_machine(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    what = f": {error.filename}" if error.filename is not None else ""
    return f"{error.strerror or error}{what}"


def _fault(error: Exception) -> str:
    """Return what is said of an error that nobody foresaw, on one line; all of it where DEBUG is set."""
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    problem = " ".join(f"{type(error).__name__}: {error}".split())
    return (
        f"this is a fault of ci-port, not of what it was given: {problem} ({at.filename}:{at.lineno}); please report "
        f"this line, the command and what `{command_name()} --version` says; {DEBUG}=1 shows all of it"
    )


def _carried_out(words: Sequence[str]) -> int:
    try:
        arguments = parser(words).parse_args(words)
        result: int = arguments.run(arguments)
    except SystemExit as end:  # argparse: 0 after --help, 2 after a usage error
        return end.code if isinstance(end.code, int) else status.USAGE
    return result


def _ended(problem: str, code: int) -> int:
    text = "\n".join(map(visible, problem.split("\n")))
    print(f"{command_name()}: {text}", file=sys.stderr)
    return code


def entry() -> NoReturn:
    """Run as a program: text that is not UTF-8 is shown as bytes, and a TERM cleans up as a Ctrl-C does."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)
    if sys.stderr is None:  # print would take standard output for it
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # for as long as the process
    if sys.stdout is None:
        sys.exit(_ended("standard output is closed, and there is nowhere to print to", status.USAGE))
    sys.exit(main())


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(128 + number)
