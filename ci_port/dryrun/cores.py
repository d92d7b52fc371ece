"""Keep the processes of one run on one core.

A script forks for every command, and the parent waits: nothing is gained by a second core, and a fork whose pages
stay in one core's caches costs about a quarter less (`tools/bench`). The scheduler still chooses the core, anew for
each run.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

_libc = ctypes.CDLL(None)


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """Let what is started inside inherit the core that this process runs on, and no other."""
    allowed = os.sched_getaffinity(0)
    here = _libc.sched_getcpu()
    if here not in allowed:  # -1 where the kernel does not say
        yield
        return
    os.sched_setaffinity(0, {here})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
