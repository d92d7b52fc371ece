"""The known differences between the recorder and real bash; each stands in `docs/limits.md` with its reason."""

from __future__ import annotations

from tests.parity.judging import Limit

LIMITS: tuple[Limit, ...] = (
    Limit(
        "slash-at-the-end",
        r"/(\"?\$|[\"'\s]|$)",
        r"^command \d+ \((ln|touch|mkdir|cp|mv|install)\), status: 1 \| 0|^file ",
    ),
    Limit("below-a-file", difference=r"^file .*Not a directory.* \| .*No such file or directory"),
)
