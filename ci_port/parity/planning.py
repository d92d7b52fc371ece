"""One side alone, in many cases: what it would do, or why that cannot be said."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ci_port.model import Case, NotPorted, Observation, Plan, RunFailed
from ci_port.model.plan import bare
from ci_port.parity.compare import OpenSide, Side
from ci_port.parity.pool import ordered


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a case: an observation, or the reason why there is none."""

    case: Case
    observation: Observation | None
    error: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the line of the recorded format, or that of an error."""
        if self.observation is None:
            return {"id": self.case.id, "error": self.error}
        return {"id": self.case.id, "plan": self.plan.to_json()}

    @property
    def plan(self) -> Plan:
        """The plan as it is written: in a world of version 1 in the form of the recorded cases."""
        assert self.observation is not None
        return self.observation.plan if self.observation.version >= 2 else bare(self.observation.plan)


def attempts(cases: Sequence[Case], open_side: OpenSide, jobs: int) -> Iterator[Attempt]:
    """Yield what becomes of each case, in order; a case that fails is no end of the others."""

    @contextlib.contextmanager
    def open_worker() -> Iterator[Callable[[Case], Attempt]]:
        with open_side() as side:
            yield lambda case: _attempt(case, side)

    return ordered(cases, open_worker, jobs)


def _attempt(case: Case, side: Side) -> Attempt:
    try:
        return Attempt(case, side(case))
    except (NotPorted, RunFailed) as error:
        return Attempt(case, None, str(error))
    except Exception as error:  # noqa: BLE001  # a bug of one side in one case; the other cases still have plans
        return Attempt(case, None, f"{type(error).__name__}: {error}")
