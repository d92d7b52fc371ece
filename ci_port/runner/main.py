"""The runner, as a list of named steps."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ci_port.bash.quoting import visible
from ci_port.runner import handover
from ci_port.runner.describe import DEBUG, describe, in_full
from ci_port.runner.options import HELP, Options, parse
from ci_port.runner.signals import die

if TYPE_CHECKING:
    from ci_port.host.live import LiveHost
    from ci_port.runner.project import Project
    from ci_port.runner.record import Record
    from ci_port.runner.select import Choice

FAILED = 70
"""The port itself failed after its first command."""

NOT_STARTED = 71
"""The port may not run, and the script must not be started for it; nothing has been run."""


def main(words: Sequence[str], script: str) -> int:
    """Run the job that the environment describes; return the exit status, or become the script.

    `script` is what bash runs when not even the runner's settings can be read.
    """
    options, problem = parse(words)
    if options.help:
        print(HELP, end="")
        return 0
    environment = handover.initial_environment()
    try:
        return _Runner(options, environment, script).run(problem)
    except KeyboardInterrupt:
        return die(signal.SIGINT)


class _Runner:
    """One job. Everything up to the first command may fail, and then bash has the job."""

    def __init__(self, options: Options, environment: Mapping[str, str], script: str) -> None:
        self._options = options
        self._environment = environment
        self._script = script
        self._began = time.monotonic()
        self._phase: str | None = None
        self._host: LiveHost | None = None

    def run(self, problem: str) -> int:
        """Run the job; what is wrong with the command line is trouble like any other."""
        if self._options.dry_run:
            return self._dry_run(problem)
        try:
            if problem:
                return self._fall_back("options", problem)
            return self._run_chosen_side()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, the job goes on
            if os.environ.get(DEBUG):
                _say(2, in_full(error))
            if self._host is not None and self._host.steps:
                self._log(f"the run is over, and this went wrong after it: {describe(error)}")
                return FAILED
            return self._fall_back(getattr(error, "cause", "failure"), describe(error))

    def _dry_run(self, problem: str) -> int:
        """Print the plan and run nothing; trouble is said, and no script takes over."""
        from ci_port.runner import preflight
        from ci_port.runner.project import load_project

        if problem:
            self._log(problem)
            return NOT_STARTED
        try:
            project = load_project()
            if self._options.verbose:
                self._show_choice(project)
            plan = preflight.plan(project.program(), self._environment, project)
        except Exception as error:  # noqa: BLE001  # a dry run has only this to tell
            # Whoever asks for the plan sees the job's environment in it.
            self._log(f"the plan cannot be made: {describe(error) if hasattr(error, 'cause') else error}")
            return NOT_STARTED
        from ci_port.runner.show import lines

        return self._print("".join(f"{line}\n" for line in lines(plan)))

    def _print(self, text: str) -> int:
        """Print what was asked for; return the status, which says whether anybody can have read it."""
        data = text.encode(errors="backslashreplace")
        try:
            while data:
                data = data[os.write(1, data) :]
        except BrokenPipeError:
            return 128 + signal.SIGPIPE
        except OSError as error:
            self._log(f"the plan cannot be printed: {error.strerror}")
            return NOT_STARTED
        return 0

    def _show_choice(self, project: Project) -> None:
        from ci_port.runner.select import choose

        choice = choose(self._environment, project, self._options.phase)
        self._detail(f"{choice.side.value}: {choice.reason}")

    def _run_chosen_side(self) -> int:
        """Choose, and run the side that was chosen. Raises for whatever goes wrong before the first command."""
        from ci_port.runner.project import load_project
        from ci_port.runner.select import Side, choose

        project = load_project()
        choice = choose(self._environment, project, self._options.phase)
        self._phase = choice.phase
        self._detail(f"{choice.side.value}: {choice.reason}")
        if choice.side is Side.PORT:
            return self._run_port(project, choice)
        if choice.side is Side.SHADOW:
            self._start_shadow(project, choice)
        else:
            self._write(self._record(project, choice), bash_follows=True)
        return handover.become_script(choice.command, self._environment)

    def _run_port(self, project: Project, choice: Choice) -> int:
        from ci_port.host.live import LiveHost
        from ci_port.runner import live, preflight

        record = self._record(project, choice)
        ready = preflight.prepare(self._environment, project)
        record.plan, record.lock = ready.plan, ready.lock
        record.preflight_seconds = time.monotonic() - self._began
        self._detail(f"{len(ready.plan.steps)} steps are planned")
        began = time.monotonic()
        self._host = LiveHost(project.script, handover.find_bash(), project.prelude)
        ended = live.run(ready.program, self._environment, self._host, project.script)
        record.run_seconds = time.monotonic() - began
        record.status, record.steps, record.step_seconds = ended.status, ended.steps, list(ended.step_seconds)
        self._write(record)
        if ended.signal:
            die(ended.signal)
        return ended.status

    def _start_shadow(self, project: Project, choice: Choice) -> None:
        """Start the observation; if it cannot even be started, the job goes on without."""
        from ci_port.runner import shadow

        def work() -> None:
            record = self._record(project, choice)
            record.shadow = shadow.observe(self._environment, project)
            self._write_with_lock(record, project)

        try:
            shadow.beside(work)
        except OSError as error:
            self._warn(f"no shadow: {error}")

    def _fall_back(self, cause: str, reason: str) -> int:
        """Hand the job to bash, and say why; nothing has been run up to here."""
        if not self._options.fallback:
            self._log(f"{reason}; nothing has been run")
            return NOT_STARTED
        command: tuple[str, ...] = (self._script,)
        try:
            from ci_port.runner.project import load_project
            from ci_port.runner.select import Choice, Side, script_command

            project = load_project()
            command = script_command(self._environment, project)
            record = self._record(project, Choice(Side.SCRIPT, cause, reason, command, self._phase))
            record.fallback = True
            self._write_with_lock(record, project)
        except Exception as error:  # noqa: BLE001  # the job matters more than its record
            self._log(f"no record: {describe(error)}")
        self._warn(f"{reason}; bash runs {command[0]} instead")
        return handover.become_script(command, self._environment)

    def _record(self, project: Project, choice: Choice) -> Record:
        from ci_port.runner.record import Record

        return Record(
            job=project.job(self._environment),
            environment=self._environment,
            side=choice.side.value,
            cause=choice.cause,
            reason=choice.reason,
            phase=choice.phase,
        )

    def _write_with_lock(self, record: Record, project: Project) -> None:
        """Write a record that says what the runner was verified as, if that can be known."""
        from ci_port.runner.lock import packaged_lock

        with suppress(OSError, ValueError):
            record.lock = packaged_lock(project)
        self._write(record, bash_follows=True)

    def _write(self, record: Record, *, bash_follows: bool = False) -> None:
        from ci_port.runner.record import write

        target = self._options.record or self._environment.get("CI_PORT_RECORD")
        if target and bash_follows and os.path.realpath(target).startswith(os.getcwd() + "/"):
            self._warn(f"no record: {target} lies in the checkout, which many suites check to be clean")
            target = None
        for problem in write(record, target, self._environment):
            self._warn(problem)

    def _detail(self, text: str) -> None:
        if self._options.verbose:
            self._log(text)

    def _warn(self, text: str) -> None:
        """Say something on standard error, and as an annotation of the CI job."""
        self._log(text)
        escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        _say(1, f"::warning title=ci-port::{escaped}\n")

    def _log(self, text: str) -> None:
        _say(2, f"ci-port: {visible(text)}\n")


def _say(number: int, text: str) -> None:
    """Print past every buffer; a reader that has gone is no reason to fail a job."""
    with suppress(OSError):
        os.write(number, text.encode(errors="backslashreplace"))
