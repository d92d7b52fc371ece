"""What a worker gives up before it runs anything: everything that it starts is held by the kernel as well."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable

from ci_port.dryrun import landlock
from ci_port.dryrun.limits import Limits

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
_STACK = 8 << 20


def confine(scratch: str, executable: Iterable[str], limits: Limits) -> None:
    """Confine this process and all that it starts: it may write below `scratch`, and execute these files alone."""
    landlock.adopt_orphans()
    landlock.give_up_capabilities()
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output, limits.output))
    # How deep functions may call themselves must not depend on the machine.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    soft = _STACK if hard == resource.RLIM_INFINITY else min(_STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    landlock.restrict(writable=(scratch,), executable=tuple(executable), devices=_DEVICES)
