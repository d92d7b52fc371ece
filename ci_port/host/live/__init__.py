"""`LiveHost`: the side of the seam that really executes, as bash would. Standard library only.

It is put together from parts, one file a subject:

| file | holds |
|---|---|
| `speech`, `signals`, `steps` | what is said; what ends a run from outside; what is traced, counted and timed |
| `commands` | commands; `processes` starts them, `programs` finds their files |
| `in_bash` | sourced files; `sourcing` is what their bash is told and tells |
| `builtins` | what the shell does itself |
| `files` | what it asks of the file system |
"""

from __future__ import annotations

import sys

from ci_port.host.live.builtins import Builtins
from ci_port.host.live.files import Files
from ci_port.host.live.in_bash import InBash


class LiveHost(InBash, Builtins, Files):
    """A `Host` that acts. One at a time: it takes over the process's signals from `begin` to `end`.

    `script` is the name under which it speaks on standard error, `bash` runs what is sourced; `prelude` is a file of
    the script that only defines functions, which files that are sourced may call.
    """

    def __init__(self, script: str, bash: str = "/bin/bash", prelude: str | None = None) -> None:
        super().__init__(script, bash, prelude)


if sys.platform != "linux":
    raise ImportError("commands are run on Linux only")
