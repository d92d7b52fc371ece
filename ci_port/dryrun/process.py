"""The worker's process, seen from the recorder: started, asked, and ended with all that it has started."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

from ci_port.dryrun.control import end_processes
from ci_port.dryrun.programs import WHERE_TOOLS_ARE
from ci_port.dryrun.scratch import Scratch, hold
from ci_port.dryrun.wire import receive, send
from ci_port.model import RunFailed

_PATIENCE = 10.0
_BOOT = "import sys; sys.path.insert(0, {!r}); from ci_port.dryrun.worker import main; main()"


class WorkerProcess:
    """A process that serves one recorder; forgotten, it ends."""

    def __init__(self, scratch: Scratch) -> None:
        """Start it; the scratch directory is its own from now on, and goes with it."""
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT.format(str(Path(__file__).parents[2]))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PATH": WHERE_TOOLS_ARE, "LANG": "C.UTF-8"},
                start_new_session=True,  # a Ctrl-C is for us: closing the stream ends the worker
            )
        except OSError:
            os.rmdir(scratch.path)
            raise
        self._end = weakref.finalize(self, _end, self.process, scratch, hold(scratch))

    def ask(self, request: bytes) -> dict[str, Any]:
        """Return the answer to a request; raises RunFailed if there is none."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        if not self._end.alive:
            raise RunFailed("the recorder is closed")
        answer = None
        with contextlib.suppress(BrokenPipeError):
            send(stdin, request)  # type: ignore[arg-type]
            answer = receive(stdout)  # type: ignore[arg-type]
        if answer is None:
            status = self.process.wait()
            self.end()
            raise RunFailed(f"the recorder's process ended with status {status}; see its messages above")
        result: dict[str, Any] = json.loads(answer)
        return result

    def end(self) -> None:
        """End the process and remove its scratch directory; twice is no error."""
        self._end()


def _end(process: subprocess.Popen[bytes], scratch: Scratch, held: int) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    try:
        process.wait(_PATIENCE)  # it ends its run, and all processes of it, when the stream closes
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.returncode:
        with contextlib.suppress(OSError):
            end_processes(scratch.control)
    shutil.rmtree(scratch.path, ignore_errors=True)
    os.close(held)
