"""The command line as a whole: one command is called, and each ending has its exit status."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from ci_port.cli import status
from ci_port.cli.commands import parser
from ci_port.cli.name import command_name
from ci_port.model import DataError, RunFailed
from ci_port.model.errors import CannotRun, UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line and return its exit status; errors are said on standard error."""
    words = sys.argv[1:] if argv is None else argv
    try:
        arguments = parser(words).parse_args(words)
        result: int = arguments.run(arguments)
        sys.stdout.flush()
        return result
    except SystemExit as end:  # argparse: 0 after --help, 2 after a usage error
        return end.code if isinstance(end.code, int) else status.USAGE
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


def _ended(problem: str, code: int) -> int:
    print(f"{command_name()}: {problem}", file=sys.stderr)
    return code


def entry() -> NoReturn:
    """Run as a program: text that is not UTF-8 is shown as bytes, and a TERM cleans up as a Ctrl-C does."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main())


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
