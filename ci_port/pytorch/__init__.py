"""The port of PyTorch's CI test script: one function per branch, named as in the script (docs/pytorch.md).

`main` is the whole script; `startup.STARTUP` and `dispatch.DISPATCH` show all its decisions.
"""

from __future__ import annotations

from ci_port.host import Session
from ci_port.pytorch import dispatch, startup

__all__ = ["main"]


def main(sh: Session) -> None:
    """Run the script in a session; ends as the script ends, see `Session.complete`."""
    startup.start_up(sh)
    dispatch.dispatch(sh)
