"""Commands: a process each, with this process's streams unless they are redirected."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping

from ci_port.bash.variables import level
from ci_port.host.live import processes, programs
from ci_port.host.live.processes import Redirections
from ci_port.host.live.speech import STDERR, STDIN, STDOUT
from ci_port.host.live.steps import Steps
from ci_port.host.seam import PIPE, Command, HereDocument, Outcome, ProcessSubstitution, Stream
from ci_port.model import RunFailed

_PSEUDO_FILE = 63


class Commands(Steps):
    """Runs one command at a time to its end."""

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self._entered: dict[str, int] = {}
        self._level = level(os.environ.get("SHLVL"))

    def stay_in(self, directory: str) -> None:
        """Hold on to a directory: as in bash, commands run in it even when it has been removed or replaced since."""
        found = processes.out_of_the_way(os.open(directory, os.O_PATH | os.O_DIRECTORY))
        if directory in self._entered:
            os.close(self._entered[directory])
        self._entered[directory] = found

    def execute(self, command: Command) -> Outcome:
        """Run a command to its end."""
        words = _words(command.argv)
        with self._step(words, 2 if command.stdout == PIPE else 1):
            found = programs.find(words[0], command.cwd, command.env.get("PATH"))
            if isinstance(found, programs.Refused) and not _is_redirected(command):
                self._complain(found.message)
                return Outcome(found.status)
            return self._run(found, command)

    def _run(self, file: str | programs.Refused, command: Command) -> Outcome:
        """Run a file that was found, or what bash says instead, with its redirections."""
        opened: list[int] = []
        fds: dict[int, int] = {}
        try:
            argv = [self._word(word, fds, opened) for word in command.argv]
            if isinstance(command.stdin, Stream):
                fds[STDIN] = self._filled(command.stdin.drain(), opened)
            elif isinstance(command.stdin, HereDocument):
                fds[STDIN] = self._filled(command.stdin.text, opened)
            reader = self._capture(command, fds, opened)
            redirections = Redirections(fds, [*_paths(command)], _is_merged(command))
            env = self._environment(command, file if isinstance(file, str) else argv[0])
            pid = self._start(file, argv, env, command.cwd, redirections)
            output, code = self._outcome(pid, reader, fds, opened)
            status = self._status(pid, code, argv)
            if isinstance(command.stdin, Stream):
                command.stdin.put_back(os.fsdecode(processes.read_all(fds[STDIN])))
            return Outcome(status, os.fsdecode(output))
        finally:
            for fd in opened:
                os.close(fd)

    def _start(
        self,
        file: str | programs.Refused,
        argv: list[str],
        env: Mapping[str, str],
        cwd: str,
        redirections: Redirections,
    ) -> int:
        pid = processes.start(file, argv, env, self._entered.get(cwd, cwd), redirections, self._inherited, self._prefix)
        self.steps += 1
        return pid

    def _outcome(self, pid: int, reader: int | None, fds: Mapping[int, int], opened: list[int]) -> tuple[bytes, int]:
        if reader is None:
            return b"", self._wait_for(pid)
        # The child alone holds the writing end from here on, so that its end is the end.
        writer = fds[STDOUT]
        opened.remove(writer)
        os.close(writer)
        return self._wait_for_reader(pid, reader)

    def _status(self, pid: int, code: int, argv: list[str]) -> int:
        """Return a command's status as bash counts it."""
        if code < 0:
            self._report_death(pid, -code, argv)
        return code if code >= 0 else 128 - code

    def _report_death(self, pid: int, number: int, argv: list[str]) -> None:
        if number not in (signal.SIGINT, signal.SIGPIPE):
            self._complain(f"{pid} {signal.strsignal(number)}  {' '.join(argv)}")

    def _word(self, word: str | ProcessSubstitution, fds: dict[int, int], opened: list[int]) -> str:
        if isinstance(word, str):
            return word
        number = _PSEUDO_FILE - sum(fd > STDERR for fd in fds)
        fds[number] = self._filled(word.text, opened)
        return f"/dev/fd/{number}"

    def _filled(self, text: str, opened: list[int]) -> int:
        try:
            reader = processes.pipe_with(text)
        except OSError as error:
            raise RunFailed(f"a pipe cannot hold {len(text)} characters: {error.strerror}") from None
        opened.append(reader)
        return reader

    def _capture(self, command: Command, fds: dict[int, int], opened: list[int]) -> int | None:
        if command.stdout != PIPE:
            return None
        reader, writer = processes.pipe()
        opened += (reader, writer)
        fds[STDOUT] = writer
        return reader

    def _environment(self, command: Command, file: str) -> dict[str, str]:
        """Return the environment as a command gets it from bash, which adds these."""
        own = {"PWD": command.cwd, "SHLVL": str(self._level), "_": file}
        if command.previous is not None:
            own["OLDPWD"] = command.previous
        return {**command.env, **own}


def _paths(command: Command) -> Iterator[tuple[int, str]]:
    if isinstance(command.stdin, str):
        yield STDIN, command.stdin
    if command.stdout not in (None, PIPE):
        yield STDOUT, command.stdout or ""
    if command.stderr not in (None, PIPE) and not _is_merged(command):
        yield STDERR, command.stderr or ""


def _is_merged(command: Command) -> bool:
    """Return whether both outputs are one open file."""
    return command.stderr is not None and command.stderr == command.stdout


def _is_redirected(command: Command) -> bool:
    return (command.stdin, command.stdout, command.stderr) != (None, None, None)


def _words(argv: tuple[str | ProcessSubstitution, ...]) -> list[str]:
    return [word if isinstance(word, str) else f"/dev/fd/{_PSEUDO_FILE}" for word in argv]
