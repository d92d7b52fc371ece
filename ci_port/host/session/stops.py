"""How a shell, a subshell or a function ends before its last command."""

from __future__ import annotations


class Stop(Exception):
    """The shell (or the subshell) ends with `status`."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Failed(Stop):
    """Something failed where nothing excuses it (`set -e`), or arithmetic was impossible."""


class Exit(Stop):
    """An explicit `exit`. The functions that were running are never left: their variables stay for the handlers."""


class Return(Exception):
    """`return`: the function ends with `status`."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)
