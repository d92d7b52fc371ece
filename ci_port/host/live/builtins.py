"""What the shell does itself: `cd`, `echo`, `printf ... > file`, `ulimit`."""

from __future__ import annotations

import os

from ci_port.host.live.commands import Commands
from ci_port.host.live.speech import STDOUT, write


class Builtins(Commands):
    """Each says on standard error what goes wrong, and returns its status, or whether it could be done."""

    def say(self, text: str) -> int:
        """Print a line. A reader that has gone ends the run, as SIGPIPE ends bash; another failure is a status."""
        self.check()
        try:
            write(STDOUT, text + "\n")
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                self._broken_pipe()
            self._complain(f"echo: write error: {error.strerror}")
            return 1
        return 0

    def enter(self, directory: str) -> bool:
        """Return whether one can change into the directory."""
        self.check()
        if reason := _why_not_entered(directory):
            self._complain(f"cd: {directory}: {reason}")
            return False
        self.stay_in(directory)
        return True

    def write(self, path: str, text: str, *, append: bool) -> int:
        """Write a file."""
        with self._step(("printf", "%s", text)):
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC)
            self.steps += 1
            try:
                fd = os.open(path, flags, 0o666)
                try:
                    write(fd, text)
                finally:
                    os.close(fd)
            except OSError as error:
                self._complain(f"{path}: {error.strerror}")
                return 1
            return 0

    def umask(self, value: int) -> int:
        """Set the mask for this process and what it starts."""
        with self._step(("umask", f"{value:03o}")):
            self.steps += 1
            os.umask(value)
            return 0

    def limit(self, resource: str, value: int) -> int:
        """Set a limit, soft and hard, as `ulimit` does."""
        import resource as limits

        with self._step(("ulimit", f"--{resource}", str(value))):
            self.steps += 1
            try:
                limits.setrlimit(getattr(limits, f"RLIMIT_{resource.upper()}"), (value, value))
            except (OSError, ValueError) as error:
                self._complain(f"ulimit: {resource}: cannot modify limit: {error}")
                return 1
            return 0


def _why_not_entered(directory: str) -> str:
    if not os.path.exists(directory):
        return "No such file or directory"
    if not os.path.isdir(directory):
        return "Not a directory"
    return "" if os.access(directory, os.X_OK) else "Permission denied"
