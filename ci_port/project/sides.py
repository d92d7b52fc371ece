"""The two sides: the recorder around the script, and the port, each as a callable from a case to an observation."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ci_port.model import World
from ci_port.model.errors import CannotRun, Terminated, UsageError
from ci_port.parity.compare import OpenSide, Side


def shell_side(script: Path, world: World) -> OpenSide:
    """Return what opens a recorder for the script; raises UsageError when there is no such script.

    Opening raises CannotRun where the machine lacks what a recorder needs.
    """
    if not script.is_file():
        raise UsageError(f"there is no script {script}; name one with --script PATH")
    if not os.access(script, os.R_OK):
        raise UsageError(f"the script {script} cannot be read; check its permissions")

    @contextlib.contextmanager
    def open_recorder() -> Iterator[Side]:
        from ci_port.dryrun import CannotRunHere, Recorder  # here, because the port must work where it cannot
        from ci_port.project.deciding import Deciding

        with contextlib.ExitStack() as stack:
            try:
                recorder = stack.enter_context(Recorder(script, world, decides=Deciding()))
            except CannotRunHere as error:
                raise CannotRun(str(error)) from None
            yield recorder.observe

    return open_recorder


def python_side(port: str, world: World, script: Path) -> Side:
    """Return the port `module:function` as a side; raises UsageError when it cannot be found.

    In a world of version 2 it stands beside the files of the script, and tools really run for it on a bench.
    """
    from ci_port.host import observe  # here, because only who plans in Python pays for it

    program = _imported(port)
    if world.version < 2:
        return lambda case: observe(program, world, case)
    from ci_port.project.bench import RecordingBench, own_nodes

    own, bench = own_nodes(script, world), RecordingBench(script, world)
    return lambda case: observe(program, world, case, own=own, bench=bench)


def _imported(port: str) -> Callable[..., Any]:
    module_name, colon, function_name = port.partition(":")
    from ci_port.host.confined import imported

    if not (module_name and colon and function_name):
        raise UsageError(f"--port is written module:function, found {port!r}")
    # As `python -m` does: a port beside where the command is given is found.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    try:
        with imported():
            function = getattr(importlib.import_module(module_name), function_name, None)
    except ImportError as error:
        raise UsageError(f"the port {port} cannot be imported: {error}; is its folder on PYTHONPATH?") from None
    except (Terminated, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a port does, nothing was compared, and that is said
        raise UsageError(f"the port {port} cannot be imported: {type(error).__name__}: {error}") from None
    if not callable(function):
        raise UsageError(f"the module {module_name} has no function {function_name}")
    found: Callable[..., Any] = function
    return found
