"""What a run may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: seconds of time, bytes of output and files, steps, processes, bytes of log and memory.

    `memory` is for each process; `output` for each of standard output, standard error, and all written files.
    `messages` is how many bytes of the end of standard error an observation carries.
    """

    seconds: float = 60.0
    output: int = 32 << 20
    steps: int = 20_000
    processes: int = 20_000
    log: int = 256 << 20
    memory: int = 2 << 30
    messages: int = 2000
