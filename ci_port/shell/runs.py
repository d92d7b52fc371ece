"""What the shell has started, parted into runs: one for each call, sourced file, `eval` and process, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ci_port.model.observation import Started


@dataclass(eq=False, slots=True)
class Event:
    """A command that the shell has started; `number` is its place among all of them."""

    number: int
    started: Started


@dataclass(eq=False, slots=True)
class Child:
    """A process that was started on the way; `run` is what it runs of the same text, perhaps nothing."""

    number: int
    run: Run


@dataclass(eq=False, slots=True)
class Run:
    """Consecutive commands of one process at one level of calls, and the processes that it started.

    `function` is as in FUNCNAME. `read`: the text does not stand in the file, bash has got it from `eval` or a trap.
    `returned`: the shell has gone on outside; else its process ended here, or somewhere in `inner`.
    """

    file: str
    function: str
    level: int
    evals: int
    read: bool = False
    trapped: bool = False
    forked: bool = False
    items: list[Event | Child] = field(default_factory=list)
    returned: bool = False
    inner: Run | None = None
    base: Run | None = None
    """With what its process began; None in the shell's own."""
    above: Run | None = None
    """Of what a process began with: the run that has started the process."""
    last: int = 0
    """The number of the last command within it, calls included."""


@dataclass(slots=True)
class _Process:
    """The runs that are open in one process, outermost first: those of the script, and those of a trap."""

    script: list[Run]
    trap: list[Run]


def runs_of(started: Sequence[Started]) -> list[Run]:
    """Return all runs of a course, each before those that it calls."""
    return _Parting().all(started)


class _Parting:
    def __init__(self) -> None:
        self.found: list[Run] = []
        self.processes: dict[tuple[int, tuple[int, ...]], _Process] = {}

    def all(self, started: Iterable[Started]) -> list[Run]:
        for number, one in enumerate(started):
            self.add(Event(number, one))
        for process in self.processes.values():
            for outer, inner in zip(process.script, process.script[1:], strict=False):
                if not outer.returned:
                    outer.inner = inner
        return self.found

    def add(self, event: Event) -> None:
        one = event.started
        process = self.process(event)
        if one.trapped:
            stack = process.trap
            if not stack:
                stack.append(self.open(event, read=True))
        else:
            for run in process.trap:
                run.returned = run not in process.script
            process.trap = []
            stack = process.script
        self.close(stack, one.level)
        top = stack[-1] if stack else None
        if top is None or top.level < one.level or (top.file, top.function) != (one.place.file, one.function):
            if top is not None and top.level == one.level:
                self.close(stack, one.level - 1)
                top = stack[-1] if stack else None
            stack.append(self.open(event, read=top is not None and one.evals > top.evals))
            stack[-1].base = top.base if top is not None else None
        stack[-1].items.append(event)
        for run in stack:
            run.last = event.number

    def close(self, stack: list[Run], level: int) -> None:
        """The shell is at this level: whatever lies deeper has returned."""
        while stack and stack[-1].level > level and not stack[-1].forked:
            stack.pop().returned = True

    def open(self, event: Event, *, read: bool) -> Run:
        one = event.started
        run = Run(one.place.file, one.function, one.level, one.evals, read, one.trapped)
        self.found.append(run)
        return run

    def process(self, event: Event) -> _Process:
        """Return the process of an event; those that it comes from may have started nothing themselves."""
        return self.entered(event, event.started.process)

    def entered(self, event: Event, path: tuple[int, ...]) -> _Process:
        one = event.started
        process = self.processes.get((one.shell, path))
        if process is not None:
            return process
        self.processes[one.shell, path] = process = _Process([], [])
        if not path:
            if one.process:
                process.script.append(self.open(event, read=False))
            return process
        parent = self.entered(event, path[:-1])
        if one.trapped:
            self.close(parent.trap, one.level)
            process.trap += [self.child(run, event.number) for run in parent.trap[-1:]]
            process.script += process.trap
            return process
        # A subshell no longer knows that it is part of what a trap does.
        in_trap = [run for run in parent.trap if run.level <= one.level and not run.read]
        above = parent.trap if in_trap else parent.script
        self.close(above, one.level)
        process.script += [self.child(run, event.number) for run in above[-1:]]
        return process

    def child(self, above: Run, number: int) -> Run:
        run = Run(above.file, above.function, above.level, above.evals, above.read, above.trapped, forked=True)
        run.base, run.above = run, above
        above.items.append(Child(number, run))
        self.found.append(run)
        return run
