"""The known differences between the recorder and real bash; each stands in `docs/limits.md` with its reason."""

from __future__ import annotations

from tests.parity.judging import Limit

LIMITS: tuple[Limit, ...] = (
    Limit("impossible-rule", difference=r"^ended: by itself \| refused, \S+, which a rule makes, cannot be made: "),
)
